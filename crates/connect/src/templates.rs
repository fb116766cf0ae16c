//! Templates: how what is to be sent is made of what is there.
//!
//! A template is JSON whose texts may hold `{{ expressions }}`. A text that is one expression and nothing else
//! becomes its value, with the type that it has; any other text becomes text. What is not there is an error rather
//! than nothing, and what takes too long is given up.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json};

/// How many steps one expression may take.
const FUEL: u64 = 50_000;
/// How many bytes one text may become.
const LONGEST: usize = 1024 * 1024;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

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
        self.0.render(&Value::from(Serde(context)))
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
        let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        if let Some(Ok(expression)) = inner.map(Condition::parse) {
            return Ok(Self::Value(expression));
        }
        ENVIRONMENT.template_from_str(text).map_err(|error| told(&error))?;
        Ok(Self::Text(text.to_owned()))
    }

    fn render(&self, context: &Value) -> Result<Json, String> {
        Ok(match self {
            Self::Fixed(json) => json.clone(),
            Self::Value(expression) => {
                serde_json::to_value(expression.evaluate(context)?).map_err(|error| error.to_string())?
            }
            Self::Text(text) => {
                let text = ENVIRONMENT.render_str(text, context.clone()).map_err(|error| told(&error))?;
                if text.len() > LONGEST {
                    return Err(format!("becomes longer than {LONGEST} bytes"));
                }
                Json::String(text)
            }
            Self::List(items) => items.iter().map(|item| item.render(context)).collect::<Result<_, _>>()?,
            Self::Object(fields) => {
                let field = |(name, node): &(String, Self)| Ok((name.clone(), node.render(context)?));
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

/// What is wrong, for people.
fn told(error: &minijinja::Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => "takes too many steps".into(),
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
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert_eq!(rendered(json!(endless), json!({})).unwrap_err(), "takes too many steps");
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
