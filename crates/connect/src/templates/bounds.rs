//! What keeps templates small: one comes from whoever writes rules and pipes, and what it is filled with from anybody.
//!
//! Steps are counted by the engine; bytes are not, and a step may double them. So there is no operator that does (`*`
//! and `~`) and no variable to gather in, what filters are given is weighed, and what comes of it all is written only
//! as far as it may go.

use std::io::{self, Write};
use std::sync::LazyLock;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, filters, functions};

/// How many steps one text may take.
const FUEL: u64 = 10_000;
/// How many bytes one template may become, and how many a filter may make.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;
/// How many bytes the filters of one text may be given, all together.
const WEIGHT: usize = 4 * LONGEST;
/// How many numbers a range may have.
const LONGEST_RANGE: usize = 1_000;
/// How many sums one text may have, each of which may join two texts.
const MOST_SUMS: usize = 16;
/// How many loops one text may have.
const MOST_LOOPS: usize = 3;
/// The statements that there are.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// What templates are rendered in.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // What makes something of any size of a number, or more of what it is given each time.
    for name in ["batch", "chain", "e", "escape", "format", "indent", "pprint", "safe", "slice", "sum", "zip"] {
        environment.remove_filter(name);
    }
    environment.remove_global("debug");
    environment.remove_global("namespace");
    environment.add_function("range", range);
    environment.add_filter("times", times);
    environment.add_filter("replace", weighed(Value::from_function(filters::replace), Some(replaced)));
    environment.add_filter("join", weighed(Value::from_function(filters::join), Some(joined)));
    for (name, plain) in [
        ("capitalize", Value::from_function(filters::capitalize)),
        ("items", Value::from_function(filters::items)),
        ("dictsort", Value::from_function(filters::dictsort)),
        ("groupby", Value::from_function(filters::groupby)),
        ("lines", Value::from_function(filters::lines)),
        ("list", Value::from_function(filters::list)),
        ("lower", Value::from_function(filters::lower)),
        ("map", Value::from_function(filters::map)),
        ("reject", Value::from_function(filters::reject)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("reverse", Value::from_function(filters::reverse)),
        ("select", Value::from_function(filters::select)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("sort", Value::from_function(filters::sort)),
        ("split", Value::from_function(filters::split)),
        ("string", Value::from_function(filters::string)),
        ("title", Value::from_function(filters::title)),
        ("tojson", Value::from_function(tojson)),
        ("trim", Value::from_function(filters::trim)),
        ("unique", Value::from_function(filters::unique)),
        ("upper", Value::from_function(filters::upper)),
    ] {
        environment.add_filter(name, weighed(plain, None));
    }
    environment
});

/// Checks that a text, or an expression without braces, has nothing in it that could make it grow without end.
pub(super) fn check(text: &str, is_expression: bool) -> Result<(), String> {
    let (mut sums, mut loops) = (0, 0);
    let (mut begins, mut is_loop) = (false, false);
    for token in tokenize(text, is_expression, SyntaxConfig::default()) {
        let (token, _) = token.map_err(|error| super::told(&error))?;
        match token {
            Token::Mul => return Err("has a `*`: write `x | times(y)` for numbers".into()),
            Token::Tilde => {
                return Err("has a `~`: write `[x, y] | join`, or two expressions one after the other".into());
            }
            Token::Plus if is_loop => return Err("has a `+` in a `for`".into()),
            Token::Plus => sums += 1,
            Token::Ident(word) if begins && !STATEMENTS.contains(&word) => {
                return Err(format!("has the statement {word}: there are {}", STATEMENTS.join(", ")));
            }
            Token::Ident("for") if begins => (is_loop, loops) = (true, loops + 1),
            Token::Ident("recursive") if is_loop => return Err("has a loop that is recursive".into()),
            Token::BlockEnd => is_loop = false,
            _ => {}
        }
        begins = matches!(token, Token::BlockStart);
    }
    if sums > MOST_SUMS || loops > MOST_LOOPS {
        return Err(format!("may have {MOST_SUMS} `+` and {MOST_LOOPS} loops"));
    }
    Ok(())
}

/// A writer that takes no more than what is left.
pub(super) struct Rationed<'l, W> {
    pub into: W,
    pub left: &'l mut usize,
}

impl<W: Write> Write for Rationed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.left = self.left.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("is full"))?;
        self.into.write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

/// How many bytes the filters of a text may still be given.
struct Left(usize);

/// How many bytes a filter makes of what it is given.
type Makes = fn(&[Value]) -> Option<usize>;

/// The filter `plain`, which is given only so much, and which may say how much it would make.
fn weighed(
    plain: Value,
    makes: Option<Makes>,
) -> impl Fn(&mut State<'_, '_>, Rest<ValueOrKwargs>) -> Result<Value, Error> + Send + Sync + 'static {
    move |state, given| {
        let given = given.into_values();
        let Left(left) = state.get_or_insert_extension(Left(WEIGHT));
        let is_light =
            given.iter().all(|value| write!(Rationed { into: io::sink(), left: &mut *left }, "{value}").is_ok());
        let fits = makes.is_none_or(|makes| makes(&given).is_some_and(|bytes| bytes <= LONGEST));
        if is_light && fits { plain.call(state, &given) } else { Err(too_much()) }
    }
}

fn too_much() -> Error {
    Error::new(ErrorKind::InvalidOperation, "a filter has too much to do")
}

/// How many bytes `value | replace(from, to)` has at most.
fn replaced(given: &[Value]) -> Option<usize> {
    let [value, from, to] = given else { return Some(0) };
    let (value, from, to) = (value.to_string(), from.to_string(), to.to_string());
    value.matches(&from).count().checked_mul(to.len())?.checked_add(value.len())
}

/// How many bytes stand between the items of `value | join(between)`; the items themselves have been weighed.
fn joined(given: &[Value]) -> Option<usize> {
    let [value, between @ ..] = given else { return Some(0) };
    let between: usize = between.iter().map(|value| value.to_string().len()).sum();
    value.len().unwrap_or_else(|| value.to_string().len()).checked_mul(between)
}

/// JSON in one line, without indentation.
fn tojson(value: &Value) -> Result<String, Error> {
    let unwritable = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    serde_json::to_string(value).map_err(unwritable)
}

/// The numbers from `lower` to `upper`, or from 0 to `lower`.
fn range(lower: isize, upper: Option<isize>, step: Option<isize>) -> Result<Value, Error> {
    let numbers = functions::range(lower, upper, step)?;
    if numbers.len().is_some_and(|count| count <= LONGEST_RANGE) {
        Ok(numbers)
    } else {
        Err(Error::new(ErrorKind::InvalidOperation, format!("a range has at most {LONGEST_RANGE} numbers")))
    }
}

/// The product of two numbers.
fn times(a: &Value, b: &Value) -> Result<Value, Error> {
    let wrong = || Error::new(ErrorKind::InvalidOperation, "times is for numbers");
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return a.checked_mul(b).map(Value::from).ok_or_else(wrong);
    }
    let number = |value: &Value| f64::try_from(value.clone()).map_err(|_| wrong());
    Ok((number(a)? * number(b)?).into())
}
