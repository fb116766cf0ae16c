//! Reading catalog files: a directory's or one, and what they include.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_saphyr::options::Options;

use super::format::Document;

/// A file, as it was named.
pub type Source = Arc<str>;

/// Reads the file at `path`, or all files below the directory, with what they include; each once.
pub fn read(path: &Path) -> Result<Vec<(Source, Document)>, String> {
    let mut reader = Reader::default();
    if path.is_dir() {
        let files = files_below(path)?;
        if files.is_empty() {
            return Err(format!("{}: there are no *.yaml, *.yml and *.json files", path.display()));
        }
        files.iter().try_for_each(|file| reader.read(file))?;
    } else {
        reader.read(path)?;
    }
    Ok(reader.documents)
}

/// The catalog files below a directory, sorted; hidden ones are left out.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for found in fs::read_dir(directory).map_err(|error| at(directory, error))? {
        let found = found.map_err(|error| at(directory, error))?;
        if !found.file_name().to_string_lossy().starts_with('.') {
            paths.push(found.path());
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if form(&path).is_some() {
            files.push(path);
        }
    }
    Ok(files)
}

#[derive(Clone, Copy)]
enum Form {
    Yaml,
    Json,
}

fn form(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()? {
        "yaml" | "yml" => Some(Form::Yaml),
        "json" => Some(Form::Json),
        _ => None,
    }
}

#[derive(Default)]
struct Reader {
    seen: BTreeSet<PathBuf>,
    documents: Vec<(Source, Document)>,
}

impl Reader {
    fn read(&mut self, path: &Path) -> Result<(), String> {
        let place = fs::canonicalize(path).map_err(|error| at(path, error))?;
        if !self.seen.insert(place) {
            return Ok(());
        }
        let text = fs::read_to_string(path).map_err(|error| at(path, error))?;
        let source = Source::from(path.display().to_string());
        for document in parse(path, &text).map_err(|error| at(path, error))? {
            let included = included(path, &document.include)?;
            self.documents.push((Arc::clone(&source), document));
            included.iter().try_for_each(|file| self.read(file))?;
        }
        Ok(())
    }
}

fn parse(path: &Path, text: &str) -> Result<Vec<Document>, String> {
    match form(path) {
        Some(Form::Json) => Ok(vec![serde_json::from_str(text).map_err(|error| error.to_string())?]),
        Some(Form::Yaml) | None => {
            serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| error.to_string())
        }
    }
}

/// YAML 1.2, in which `yes` and `007` are texts; the files may be of any size.
fn options() -> Options {
    serde_saphyr::options! {
        budget: None,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The files that `patterns`, which stand in the file `path`, name.
fn included(path: &Path, patterns: &[String]) -> Result<Vec<PathBuf>, String> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for pattern in patterns {
        let problem = |problem: &dyn std::fmt::Display| at(path, format!("include {pattern:?}: {problem}"));
        let from_here = Path::new(&glob::Pattern::escape(&directory.to_string_lossy())).join(pattern);
        let found = glob::glob(&from_here.to_string_lossy()).map_err(|error| problem(&error))?;
        let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| problem(&error))?;
        if found.is_empty() {
            return Err(problem(&"no file matches"));
        }
        files.extend(found.into_iter().filter(|file| file.is_file()));
    }
    Ok(files)
}

fn at(path: &Path, problem: impl std::fmt::Display) -> String {
    format!("{}: {problem}", path.display())
}
