//! Apache Parquet, made at the end of a run from the rows that were written as JSON Lines.
//!
//! A column for each dotted field that holds one value, with the type that all rows give it (text where they don't
//! agree), and `_row` with the whole row as JSON.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use serde_json::Value as Json;

use super::super::Failure;
use super::scalars;

/// How many rows stand together.
const GROUP: usize = 10_000;
/// The column of the whole row.
const ROW: &str = "_row";

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Double,
    Boolean,
}

/// Writes the rows of the JSON Lines at `rows` to `path`.
pub(super) fn convert(rows: &Path, path: &Path) -> std::result::Result<(), Failure> {
    write(rows, path).map_err(|error| Failure::passing(format!("{}: {error}", path.display())))
}

fn write(rows: &Path, path: &Path) -> Result<()> {
    let columns = columns(rows)?;
    let fields = columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Result<_>>()?;
    let schema = Arc::new(Type::group_type_builder("rows").with_fields(fields).build()?);
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let file = File::create(path)?;
    let mut writer = SerializedFileWriter::new(file.try_clone()?, schema, properties)?;
    let mut lines = lines(rows)?.peekable();
    while lines.peek().is_some() {
        let group = lines.by_ref().take(GROUP).collect::<Result<Vec<_>>>()?;
        write_group(&mut writer, &columns, &group)?;
    }
    writer.close()?;
    Ok(file.sync_all()?)
}

/// The rows of a file of JSON Lines.
fn lines(path: &Path) -> Result<impl Iterator<Item = Result<Json>>> {
    let read = |line: std::io::Result<String>| serde_json::from_str(&line?).map_err(|error| external(&error));
    Ok(BufReader::new(File::open(path)?).lines().map(read))
}

fn external(error: &serde_json::Error) -> ParquetError {
    ParquetError::General(format!("a row can't be read: {error}"))
}

/// The columns of all rows, by name.
fn columns(rows: &Path) -> Result<BTreeMap<String, Kind>> {
    let mut columns = BTreeMap::from([(ROW.to_owned(), Kind::Text)]);
    for row in lines(rows)? {
        for (name, value) in scalars(&row?).0 {
            let kind = match value {
                Json::Null => continue,
                Json::Bool(_) => Kind::Boolean,
                Json::Number(_) => Kind::Double,
                _ => Kind::Text,
            };
            let known = columns.entry(name).or_insert(kind);
            if *known != kind {
                *known = Kind::Text;
            }
        }
    }
    Ok(columns)
}

fn field(name: &str, kind: Kind) -> Result<Arc<Type>> {
    let (physical, logical) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Double => (Physical::DOUBLE, None),
        Kind::Boolean => (Physical::BOOLEAN, None),
    };
    let builder = Type::primitive_type_builder(name, physical);
    builder.with_logical_type(logical).with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
}

fn write_group(writer: &mut SerializedFileWriter<File>, columns: &BTreeMap<String, Kind>, rows: &[Json]) -> Result<()> {
    let flat: Vec<_> = rows.iter().map(|row| scalars(row).0).collect();
    let mut group = writer.next_row_group()?;
    for (name, kind) in columns {
        let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column is missing".into()))?;
        let values: Vec<Option<Json>> = if name == ROW {
            rows.iter().map(|row| Some(row.to_string().into())).collect()
        } else {
            flat.iter().map(|row| row.get(name).filter(|value| !value.is_null()).cloned()).collect()
        };
        write_column(&mut column, *kind, &values)?;
        column.close()?;
    }
    group.close().map(drop)
}

fn write_column(column: &mut SerializedColumnWriter<'_>, kind: Kind, values: &[Option<Json>]) -> Result<()> {
    let levels: Vec<i16> = values.iter().map(|value| value.is_some().into()).collect();
    let there = values.iter().flatten();
    match kind {
        Kind::Text => {
            let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let values: Vec<_> = there.map(|value| ByteArray::from(text(value).into_bytes())).collect();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)
        }
        Kind::Double => {
            let values: Vec<_> = there.filter_map(Json::as_f64).collect();
            column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)
        }
        Kind::Boolean => {
            let values: Vec<_> = there.filter_map(Json::as_bool).collect();
            column.typed::<BoolType>().write_batch(&values, Some(&levels), None)
        }
    }
    .map(drop)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn each_row_is_there_with_its_columns_and_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let (rows, path) = (directory.path().join("rows"), directory.path().join("out.parquet"));
        let lines =
            "{\"id\":\"a\",\"n\":1.5,\"by\":{\"ok\":true},\"mixed\":1}\n{\"id\":\"b\",\"mixed\":\"x\",\"tags\":[1]}\n";
        std::fs::write(&rows, lines).unwrap();
        convert(&rows, &path).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let read: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(read.len(), 2);
        assert!(
            read[0].contains("by.ok: true") && read[0].contains("n: 1.5") && read[0].contains("mixed: \"1\""),
            "{read:?}"
        );
        assert!(read[1].contains("n: null") && read[1].contains("\"tags\":[1]"), "{read:?}");
    }
}
