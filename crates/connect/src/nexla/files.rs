//! The files of pipes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::Failure;

/// Which files a definition may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those within the directory of the pipes: for whoever comes over the network.
    Within,
    /// Any: for the operator.
    Anywhere,
}

/// The name of a file, relative to the directory of the pipes unless it is absolute. It is the same however it is
/// spelled: `a//b` is `a/b`, and so is `a/./b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(PathBuf);

impl FileName {
    /// Reads a name.
    ///
    /// # Errors
    /// Why it won't do.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, &'static str> {
        if text.is_empty() || text.ends_with('/') || text.contains('\0') {
            return Err("is no name of a file");
        }
        let parts = || Path::new(text).components();
        let is_within = parts().all(|part| matches!(part, Component::Normal(_)));
        if reach == Reach::Within && !is_within {
            return Err("must lie in the directory of the pipes: no absolute path, no `.` and no `..`");
        }
        Ok(Self(parts().collect()))
    }

    /// Where it is.
    pub fn within(&self, directory: &Path) -> PathBuf {
        directory.join(&self.0)
    }
}

/// Whether the two are one file, by whatever names. What is not there is no file.
pub fn are_one(a: &Path, b: &Path) -> Result<bool, Failure> {
    let which = |path: &Path| match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::of_file(path, &error)),
    };
    let (a, b) = (which(a)?, which(b)?);
    Ok(a.is_some() && a == b)
}

/// `path` with `more` at its end.
pub fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}

/// Where writing begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With an empty file.
    Anew,
    /// At the end of what there is.
    AtEnd,
    /// Here, or at the end where that comes first: what stands after it was not meant to be there.
    AtMost(u64),
    /// Here: what stands after it was not meant to be there.
    At(u64),
}

/// A file that is added to, by one process at a time.
pub struct AppendFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl AppendFile {
    /// Opens it, and its directory if need be.
    pub fn open(path: PathBuf, begin: Begin) -> Result<Self, Failure> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|error| Failure::of_file(directory, &error))?;
        }
        let told = |error: io::Error| Failure::of_file(&path, &error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(told)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Failure::busy(format!("another process writes to {}", path.display())),
            TryLockError::Error(error) => told(error),
        })?;
        let there = file.metadata().map_err(told)?.len();
        let length = match begin {
            Begin::Anew => 0,
            Begin::AtEnd => there,
            Begin::AtMost(length) => length.min(there),
            Begin::At(length) if length <= there => length,
            Begin::At(_) => {
                return Err(Failure::lasting(format!("{} has been shortened since it was written", path.display())));
            }
        };
        file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))).map_err(told)?;
        Ok(Self { file, path, length })
    }

    /// How long it is.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds `bytes`, which stay when this returns.
    pub fn append(&mut self, bytes: &[u8]) -> Result<u64, Failure> {
        if !bytes.is_empty() {
            let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
            written.map_err(|error| Failure::of_file(&self.path, &error))?;
            self.length += bytes.len() as u64;
        }
        Ok(self.length)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes a file. Done already, it does nothing.
pub fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::of_file(path, &error)),
        _ => Ok(()),
    }
}

/// Puts the file at `part` in the place of the one at `path`. Done already, it does nothing.
pub fn replace(part: &Path, path: &Path) -> Result<(), Failure> {
    let moved = match fs::rename(part, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => return Ok(()),
        moved => moved,
    };
    moved.map_err(|error| Failure::of_file(path, &error))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // So that the new name outlives a power cut.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| Failure::of_file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_network_no_name_leads_out_of_the_directory() {
        for name in ["/etc/passwd", "../x", "a/../../x", ".", "", "a/", "a\0b"] {
            assert!(FileName::parse(name, Reach::Within).is_err(), "{name:?}");
        }
        assert!(FileName::parse("a/b.jsonl", Reach::Within).is_ok());
        assert!(FileName::parse("/tmp/b.jsonl", Reach::Anywhere).is_ok());
    }

    #[test]
    fn a_name_is_the_same_however_it_is_spelled() {
        let plain = FileName::parse("a/in.jsonl", Reach::Within).unwrap();
        for spelled in ["a//in.jsonl", "a/./in.jsonl", "a/.//in.jsonl"] {
            assert_eq!(FileName::parse(spelled, Reach::Within).as_ref(), Ok(&plain), "{spelled}");
        }
    }

    #[test]
    fn a_file_is_known_by_whatever_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name| directory.path().join(name);
        fs::write(path("file"), "").unwrap();
        fs::write(path("other"), "").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        fs::hard_link(path("file"), path("twin")).unwrap();
        for (name, is_one) in [("file", true), ("link", true), ("twin", true), ("other", false), ("missing", false)] {
            assert_eq!(are_one(&path("file"), &path(name)), Ok(is_one), "{name}");
        }
    }

    #[test]
    fn what_was_not_committed_is_cut_off_and_what_was_is_missed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/out");
        let mut file = AppendFile::open(path.clone(), Begin::Anew).unwrap();
        assert_eq!(file.append(b"one\n").unwrap(), 4);
        assert_eq!(file.append(b"half").unwrap(), 8);
        let busy = AppendFile::open(path.clone(), Begin::AtEnd).err().unwrap();
        assert!(busy.is_busy(), "{busy}");
        drop(file);
        assert_eq!(AppendFile::open(path.clone(), Begin::At(4)).unwrap().append(b"two\n").unwrap(), 8);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(AppendFile::open(path.clone(), Begin::AtMost(9)).unwrap().length(), 8);
        assert_eq!(AppendFile::open(path.clone(), Begin::AtMost(8)).unwrap().append(b"half").unwrap(), 12);
        assert_eq!(AppendFile::open(path.clone(), Begin::AtMost(8)).unwrap().length(), 8);
        let shortened = AppendFile::open(path, Begin::At(9)).err().unwrap();
        assert!(shortened.to_string().contains("shortened"), "{shortened}");
    }

    #[test]
    fn a_file_is_replaced_once() {
        let directory = tempfile::tempdir().unwrap();
        let (part, path) = (directory.path().join("out.part"), directory.path().join("out"));
        fs::write(&part, "new").unwrap();
        fs::write(&path, "old").unwrap();
        replace(&part, &path).unwrap();
        replace(&part, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
