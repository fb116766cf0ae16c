//! The file with the master keys: one a line, the first one wraps, any of them unwraps.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use store::Store;
use store::vault::{self, MasterKey, read_master_keys};
use tempfile::NamedTempFile;

use crate::Outcome;
use crate::open::operator;

/// Makes sure that the master keys in the file at `path` are those that the database needs. Makes the file
/// where there is none, unless the database has been using one.
pub fn unlock(path: &Path, store: &Store) -> Outcome {
    let needed = store.read(operator(), |cx| vault::status(cx)).wait()?.key.map(|key| key.master);
    if !path.try_exists().map_err(|error| at(path, error))? {
        if let Some(needed) = needed {
            return Err(format!(
                "{}: this file is missing, and the database's secrets are sealed with the master key in it, {needed}: \
                 put it back",
                path.display()
            )
            .into());
        }
        make(path, &MasterKey::new(store.world())).map_err(|error| at(path, error))?;
    }
    let keys = read_master_keys(path)?;
    warn_if_others_can_read(path).map_err(|error| at(path, error))?;
    match needed {
        Some(needed) if keys.iter().all(|key| key.fingerprint() != needed) => {
            let there: Vec<_> = keys.iter().map(MasterKey::fingerprint).collect();
            Err(format!(
                "{}: the database's secrets are sealed with master key {needed}, and the file has only {}",
                path.display(),
                there.join(", ")
            )
            .into())
        }
        _ => Ok(()),
    }
}

/// Makes the file, readable by its owner alone. Of several who do so at once, one succeeds.
fn make(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    let file = written_beside(path, std::slice::from_ref(key))?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => sync_directory(path),
    }
}

/// Replaces the keys in the file, which goes on belonging to whom it belongs to. A crash leaves the one or
/// the other.
pub fn replace(path: &Path, keys: &[MasterKey]) -> Outcome {
    let replace = || {
        // The file that a link points at is replaced, and not the link.
        let (path, before) = (fs::canonicalize(path)?, fs::metadata(path)?);
        let file = written_beside(&path, keys)?;
        fchown(file.as_file(), Some(before.uid()), Some(before.gid()))?;
        file.as_file().set_permissions(before.permissions())?;
        file.persist(&path)?;
        sync_directory(&path)
    };
    replace().map_err(|error: std::io::Error| at(path, error).into())
}

/// Keeps others from replacing keys in the file until it is dropped.
pub fn lock(path: &Path) -> Result<File, String> {
    let lock = || {
        let directory = File::open(directory(&fs::canonicalize(path)?))?;
        directory.lock()?;
        Ok(directory)
    };
    lock().map_err(|error| at(path, error))
}

fn written_beside(path: &Path, keys: &[MasterKey]) -> std::io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(directory(path))?;
    for key in keys {
        writeln!(file, "{}", *key.digits())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Has the directory remember which file is at `path`, also when the power fails.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(directory(path))?.sync_all()
}

fn warn_if_others_can_read(path: &Path) -> std::io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o044 != 0 {
        tracing::warn!(file = %path.display(), "others than its owner can read the master key: chmod 600 it");
    }
    Ok(())
}

fn at(path: &Path, error: std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
