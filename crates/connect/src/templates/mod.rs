//! Templates: how what is to be sent is made of what is there.
//!
//! A template is JSON whose texts may hold `{{ expressions }}`. A text that is one expression and nothing else
//! becomes its value, with the type that it has; any other text becomes text. What is not there is an error rather
//! than nothing, and what takes too long or becomes too large is given up.

mod bounds;

use minijinja::value::Serde;
use minijinja::{ErrorKind, Expression, Value};
use serde_json::{Map, Value as Json};

use bounds::{ENVIRONMENT, LONGEST, Rationed, check};

/// JSON with expressions in it.
#[derive(Clone, Debug)]
pub struct Template(Node);

#[derive(Clone, Debug)]
enum Node {
    Fixed(Json),
    /// One expression.
    Value(Condition),
    /// Text with expressions in it.
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it can't be read, as a dotted pointer, and why.
    pub fn parse(json: &Json) -> Result<Self, (String, String)> {
        Node::parse(json).map(Self).map_err(|(place, problem)| (place.join("."), problem))
    }

    /// What it becomes where these are the variables.
    ///
    /// # Errors
    /// Why it can't.
    pub fn render(&self, context: &Json) -> Result<Json, String> {
        self.0.render(&Value::from(Serde(context)), &mut { LONGEST })
    }
}

impl Node {
    fn parse(json: &Json) -> Result<Self, (Vec<String>, String)> {
        let within = |step: String| {
            move |(mut place, problem): (Vec<String>, String)| {
                place.insert(0, step);
                (place, problem)
            }
        };
        Ok(match json {
            Json::String(text) => Self::of_text(text).map_err(|problem| (Vec::new(), problem))?,
            Json::Array(items) => {
                let item = |(n, item): (usize, &Json)| Self::parse(item).map_err(within(n.to_string()));
                Self::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => {
                let field = |(name, value): (&String, &Json)| {
                    Ok((name.clone(), Self::parse(value).map_err(within(name.clone()))?))
                };
                Self::Object(fields.iter().map(field).collect::<Result<_, _>>()?)
            }
            fixed => Self::Fixed(fixed.clone()),
        })
    }

    fn of_text(text: &str) -> Result<Self, String> {
        if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
            return Ok(Self::Fixed(text.into()));
        }
        // Before anything is compiled, which does at once whatever can be done.
        check(text, false)?;
        let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        if let Some(inner) = inner.filter(|inner| ENVIRONMENT.compile_expression(inner).is_ok()) {
            return Condition::parse(inner).map(Self::Value);
        }
        ENVIRONMENT.template_from_str(text).map_err(|error| told(&error))?;
        Ok(Self::Text(text.to_owned()))
    }

    /// What it becomes, of no more than the bytes that are `left`.
    fn render(&self, context: &Value, left: &mut usize) -> Result<Json, String> {
        Ok(match self {
            Self::Fixed(json) => json.clone(),
            Self::Value(expression) => {
                let (value, mut bytes) = (expression.evaluate(context)?, Vec::new());
                let written = serde_json::to_writer(Rationed { into: &mut bytes, left }, &value);
                written.map_err(|error| if error.is_io() { too_long() } else { error.to_string() })?;
                serde_json::from_slice(&bytes).map_err(|error| error.to_string())?
            }
            Self::Text(text) => {
                let (template, mut bytes) = (ENVIRONMENT.template_from_str(text), Vec::new());
                let rendered = template.and_then(|template| {
                    template.render_captured_to(context.clone(), Rationed { into: &mut bytes, left }).map(drop)
                });
                rendered.map_err(|error| told(&error))?;
                Json::String(String::from_utf8(bytes).map_err(|error| error.to_string())?)
            }
            Self::List(items) => items.iter().map(|item| item.render(context, left)).collect::<Result<_, _>>()?,
            Self::Object(fields) => {
                let field = |(name, node): &(String, Self)| Ok((name.clone(), node.render(context, left)?));
                fields.iter().map(field).collect::<Result<Map<_, _>, String>>()?.into()
            }
        })
    }
}

/// One expression, without braces: `row.severity == "major"`.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
}

impl Condition {
    /// Reads an expression.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let condition = Self { text: text.trim().to_owned() };
        check(&condition.text, true)?;
        condition.compiled()?;
        Ok(condition)
    }

    /// Whether it holds where these are the variables: whether its value is neither false nor nothing.
    ///
    /// # Errors
    /// Why that can't be said.
    pub fn holds(&self, context: &Json) -> Result<bool, String> {
        Ok(self.evaluate(&Value::from(Serde(context)))?.is_true())
    }

    fn evaluate(&self, context: &Value) -> Result<Value, String> {
        let value = self.compiled()?.eval(context.clone()).map_err(|error| told(&error))?;
        if value.is_undefined() { Err(format!("{} is not there", self.text)) } else { Ok(value) }
    }

    fn compiled(&self) -> Result<Expression<'_, '_>, String> {
        ENVIRONMENT.compile_expression_owned(self.text.as_str()).map_err(|error| told(&error))
    }
}

fn too_long() -> String {
    format!("becomes longer than {} MiB", LONGEST / 1024 / 1024)
}

/// What is wrong, for people.
fn told(error: &minijinja::Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => "takes too many steps".into(),
        ErrorKind::WriteFailure => too_long(),
        ErrorKind::UndefinedError => match error.detail() {
            Some(detail) => format!("something that it names is not there: {detail}"),
            None => "something that it names is not there".into(),
        },
        kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(template: Json, context: Json) -> Result<Json, String> {
        Template::parse(&template).unwrap().render(&context)
    }

    #[test]
    fn one_expression_keeps_its_type_and_anything_else_becomes_text() {
        let template = json!({
            "count": "{{ row.count }}", "text": "{{ row.count }} of {{ row.all }}", "list": ["{{ row.tags }}", 1, null],
            "plain": "as it is", "braces": "{{ {'a': {'b': row.count}} }}",
        });
        let row = json!({"row": {"count": 3, "all": 7, "tags": ["a", "b"]}});
        let expected = json!({
            "count": 3, "text": "3 of 7", "list": [["a", "b"], 1, null], "plain": "as it is", "braces": {"a": {"b": 3}},
        });
        assert_eq!(rendered(template, row).unwrap(), expected);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        for template in ["{{ row.nothing }}", "{{ nobody.there }}", "a {{ row.nothing }}", "{{ nobody }}"] {
            let error = rendered(json!(template), json!({"row": {}})).unwrap_err();
            assert!(error.contains("not there"), "{template}: {error}");
        }
        assert_eq!(rendered(json!("{{ row.nothing | default('x') }}"), json!({"row": {}})).unwrap(), json!("x"));
    }

    #[test]
    fn a_template_that_cannot_be_read_is_told_with_its_place() {
        let (place, problem) = Template::parse(&json!({"a": ["fine", {"b": "{{ row. }}"}]})).unwrap_err();
        assert_eq!(place, "a.1.b");
        assert!(problem.contains("syntax error"), "{problem}");
    }

    #[test]
    fn a_template_that_takes_too_long_is_given_up() {
        let endless = "{% for a in range(999) %}{% for b in range(999) %}x{% endfor %}{% endfor %}";
        assert_eq!(rendered(json!(endless), json!({})).unwrap_err(), "takes too many steps");
    }

    #[test]
    fn a_template_that_could_grow_without_end_is_refused_where_it_is_read() {
        for (template, problem) in [
            ("{{ 'x' * 100000000 }}", "`*`"),
            ("{{ row.list * 3 }}", "`*`"),
            ("{{ {'a': {'b': 1}} }}{{ 'x' * 9 }}", "`*`"),
            ("{{ row.text ~ row.text }}", "`~`"),
            ("{% set s = row.text %}", "statement set"),
            ("{% with s = row.text %}{% endwith %}", "statement with"),
            ("{% filter upper %}x{% endfilter %}", "statement filter"),
            ("{% for s in [row.text + row.text] %}x{% endfor %}", "`+` in a `for`"),
            ("{% for s in row.list recursive %}{{ loop(s) }}{% endfor %}", "recursive"),
            (&format!("{}{}", "{% for s in row.list %}".repeat(4), "{% endfor %}".repeat(4)), "3 loops"),
            (&format!("{{{{ row.text{} }}}}", " + row.text".repeat(17)), "16 `+`"),
        ] {
            let (_, refused) = Template::parse(&json!(template)).unwrap_err();
            assert!(refused.contains(problem), "{template}: {refused}");
        }
        assert!(Condition::parse("'x' * 9 == row.text").unwrap_err().contains("`*`"));
        assert_eq!(
            rendered(json!("**{{ 2 | times(21) }}** ~ {{ 2.5 | times(2) }}"), json!({})),
            Ok(json!("**42** ~ 5.0"))
        );
    }

    #[test]
    fn a_template_that_becomes_too_large_is_given_up_before_it_is() {
        let context = json!({"row": {"text": "x".repeat(1024 * 1024), "list": vec!["x"; 100_000]}});
        let (long, much) = ("becomes longer than 4 MiB", "a filter has too much to do");
        for (template, problem) in [
            ("{% for n in range(999) %}{{ row.text }}{% endfor %}", long),
            ("{{ [row.text, row.text, row.text, row.text] }}", long),
            ("{{ row.text | replace('x', row.text) }}", much),
            ("{{ row.text | replace('', row.text) }}", much),
            ("{{ row.list | join(row.text) }}", much),
            ("{{ range(999) | map('default', row.text) | map('replace', '9', row.text) | list }}", much),
            ("{{ range(100000) | list }}", "at most 1000 numbers"),
            ("{{ 1 | format }}", "unknown filter"),
        ] {
            let refused = rendered(json!(template), context.clone()).unwrap_err();
            assert!(refused.contains(problem), "{template}: {refused}");
        }
        let several = json!(["{{ row.text }}", "{{ row.text }}", {"a": "{{ row.text }}, {{ row.text }}"}]);
        assert_eq!(rendered(several, context.clone()).unwrap_err(), long, "all texts count");
        let fine = json!(
            "{{ [row.list | length, row.text | upper | length, range(3) | list, row.list | join(', ') | length] }}"
        );
        assert_eq!(rendered(fine, context), Ok(json!([100_000, 1024 * 1024, [0, 1, 2], 299_998])));
    }

    #[test]
    fn a_template_that_is_refused_takes_no_memory() {
        let peak = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
            peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
        };
        let before = peak();
        let list = ["'x' * 100000000"; 8].join(", ");
        assert!(Template::parse(&json!(format!("{{{{ [{list}] }}}}"))).is_err());
        assert!(Condition::parse(&format!("[{list}]")).is_err());
        let context = json!({"row": "x".repeat(1024 * 1024)});
        assert!(rendered(json!("{{ row | replace('x', row) }}"), context.clone()).is_err());
        assert!(rendered(json!("{% for n in range(999) %}{{ row }}{% endfor %}"), context).is_err());
        // What runs beside this takes less.
        assert!(peak() - before < 300, "{} MiB", peak() - before);
    }

    #[test]
    fn filters_that_take_names_are_given_them() {
        let row = json!({"row": [{"n": "b", "x": 1}, {"n": "a", "x": 1}]});
        let template = json!("{{ row | sort(attribute='n') | map(attribute='n') | map('upper') | join('-') }}");
        assert_eq!(rendered(template, row.clone()), Ok(json!("A-B")));
        assert_eq!(rendered(json!("{{ row | first | tojson }}"), row), Ok(json!("{\"n\":\"b\",\"x\":1}")));
    }

    #[test]
    fn a_condition_holds_or_does_not() {
        let condition = Condition::parse("row.severity in ['major', 'critical'] and not row.closed").unwrap();
        assert_eq!(condition.holds(&json!({"row": {"severity": "major", "closed": false}})), Ok(true));
        assert_eq!(condition.holds(&json!({"row": {"severity": "minor", "closed": false}})), Ok(false));
        assert!(condition.holds(&json!({"row": {}})).is_err());
        assert!(Condition::parse("row.").is_err());
    }
}
