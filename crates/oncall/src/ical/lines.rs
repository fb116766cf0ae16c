//! Content lines, and the components that they make up (RFC 5545, 3.1 to 3.6).

use super::Problem;

/// How many octets a line may have, its line break apart (RFC 5545, 3.1).
const WIDEST: usize = 75;
/// How many components may be nested: a calendar needs three.
const DEEPEST: usize = 16;

/// The text of content lines, as they are added.
#[derive(Default)]
pub struct Text(String);

impl Text {
    /// Adds a line: `name`, perhaps with parameters, and a value that is already in its text form.
    /// Control characters, which no line may have, are left out.
    pub fn add(&mut self, name: &str, value: &str) {
        let mut width = 0;
        let line = [name, ":", value].into_iter().flat_map(str::chars);
        for character in line.filter(|character| *character == '\t' || !character.is_control()) {
            if width + character.len_utf8() > WIDEST {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(character);
            width += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    pub fn finish(self) -> String {
        self.0
    }
}

/// The text form of a TEXT value (RFC 5545, 3.3.11).
pub fn escaped(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// What the text form of a TEXT value means: a backslash stands for nothing but the character after it,
/// or for a line break before an `n`.
pub fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        let meant = if character == '\\' { characters.next() } else { None };
        text.push(match meant {
            Some('n' | 'N') => '\n',
            Some(meant) => meant,
            None => character,
        });
    }
    text
}

/// A content line: a property and its value.
#[derive(Debug)]
pub struct Line {
    /// In upper case.
    pub name: String,
    /// Names in upper case, values without quotes.
    parameters: Vec<(String, String)>,
    /// In its text form.
    pub value: String,
}

impl Line {
    fn of(text: &str) -> Option<Self> {
        let (head, value) = text.split_at(outside_quotes(text, ':')?);
        let mut parts = pieces(head, ';');
        let name = parts.next().filter(|name| is_name(name))?.to_ascii_uppercase();
        let parameters = parts.filter_map(|part| part.split_once('='));
        let parameters = parameters.map(|(name, value)| (name.to_ascii_uppercase(), value.replace('"', "")));
        Some(Self { name, parameters: parameters.collect(), value: value[1..].to_owned() })
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Where `separator` is first in `text`, outside of what is quoted.
fn outside_quotes(text: &str, separator: char) -> Option<usize> {
    let mut quoted = false;
    text.find(|character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

fn pieces(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = outside_quotes(all, separator);
        rest = end.map(|end| &all[end + separator.len_utf8()..]);
        Some(&all[..end.unwrap_or(all.len())])
    })
}

/// What stands between a `BEGIN` and its `END`.
#[derive(Debug, Default)]
pub struct Component {
    /// In upper case.
    name: String,
    /// The number of the line that begins it, from 1 on.
    pub number: usize,
    lines: Vec<Line>,
    parts: Vec<Component>,
}

impl Component {
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The parts with a name, `VEVENT`.
    pub fn parts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.parts.iter().filter(move |part| part.is(name))
    }

    /// The lines of a property that may be there several times.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    /// The first line of a property.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// What a property says, as a TEXT value.
    pub fn text(&self, name: &str) -> Option<String> {
        self.line(name).map(|line| unescaped(&line.value))
    }
}

/// The calendars in a text (RFC 5545, 3.4).
pub fn calendars(text: &str) -> Result<Vec<Component>, Problem> {
    let lines = unfolded(text.trim_start_matches('\u{feff}'));
    if !lines.first().is_some_and(|(_, line)| line.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return Err(Problem::new("this is not a calendar: it does not begin with BEGIN:VCALENDAR"));
    }
    let mut open = vec![Component::default()];
    for (number, text) in lines {
        let line =
            Line::of(&text).ok_or_else(|| Problem::new(format!("line {number} is not of the form NAME:VALUE")))?;
        let last = open.len() - 1;
        match line.name.as_str() {
            "BEGIN" if open.len() > DEEPEST => {
                return Err(Problem::new(format!("line {number} begins too deep inside other components")));
            }
            "BEGIN" => open.push(Component { name: component_name(&line), number, ..Component::default() }),
            "END" if last > 0 && open[last].is(&component_name(&line)) => {
                let ended = open.swap_remove(last);
                open[last - 1].parts.push(ended);
            }
            "END" => return Err(Problem::new(format!("line {number} ends what the lines before it did not begin"))),
            _ => open[last].lines.push(line),
        }
    }
    match open.as_mut_slice() {
        [all] => Ok(std::mem::take(&mut all.parts)),
        [.., Component { name, number, .. }] => {
            Err(Problem::new(format!("the {} that line {number} begins has no end", shortened(name))))
        }
        [] => Ok(Vec::new()),
    }
}

fn component_name(line: &Line) -> String {
    line.value.trim().to_ascii_uppercase()
}

/// What is short enough for a message.
pub fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

/// The lines of a text as they were before they were folded, each with the number it began on; without
/// empty ones. A line break alone ends a line, too.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, begun))) => begun.push_str(more),
            _ if line.is_empty() => {}
            _ => lines.push((index + 1, line.to_owned())),
        }
    }
    lines
}
