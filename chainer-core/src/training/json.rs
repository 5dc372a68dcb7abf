//! The log of a training run, and its JSON text as Python writes it.

use std::fmt::Write as _;

/// The records of a training run, oldest first.
pub type Log = Vec<LogEntry>;

/// One value of a record.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum LogValue {
    Integer(i64),
    Number(f64),
    Text(String),
}

impl LogValue {
    /// The value as a number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            LogValue::Integer(value) => Some(*value as f64),
            LogValue::Number(value) => Some(*value),
            LogValue::Text(_) => None,
        }
    }
}

/// One record of a log: named values in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogEntry {
    values: Vec<(String, LogValue)>,
}

impl LogEntry {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&LogValue> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The number of a name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// Adds a value, or replaces the one of this name.
    pub fn insert(&mut self, name: impl Into<String>, value: LogValue) {
        let name = name.into();
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }

    /// Removes a value.
    pub fn remove(&mut self, name: &str) {
        self.values.retain(|(known, _)| known != name);
    }

    /// The names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LogValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// The JSON text of a log: indented by four, or in one line. NaN and the infinities are written as Python writes them.
pub(super) fn to_json(log: &[LogEntry], indented: bool) -> String {
    let (open, comma, close) = if indented { ("\n    ", ",\n    ", "\n") } else { ("", ", ", "") };
    let (inner_open, inner_comma, inner_close) =
        if indented { ("\n        ", ",\n        ", "\n    ") } else { ("", ", ", "") };
    let mut out = "[".to_owned();
    for (i, entry) in log.iter().enumerate() {
        out += if i == 0 { open } else { comma };
        out += "{";
        for (j, (name, value)) in entry.iter().enumerate() {
            out += if j == 0 { inner_open } else { inner_comma };
            let _ = write!(out, "{}: ", serde_json::Value::from(name));
            let _ = match value {
                LogValue::Integer(value) => write!(out, "{value}"),
                LogValue::Number(value) => write!(out, "{}", number(*value)),
                LogValue::Text(text) => write!(out, "{}", serde_json::Value::from(text.as_str())),
            };
        }
        out += if entry.values.is_empty() { "}" } else { inner_close };
        out += if entry.values.is_empty() { "" } else { "}" };
    }
    out += if log.is_empty() { "" } else { close };
    out + "]"
}

/// A float as Python prints it in JSON: the shortest text that gives the same float back.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// Reads the JSON text of a log, by us or by Python.
pub(super) fn from_json(text: &str) -> Result<Log, String> {
    // Strict JSON has no NaN; each becomes a text that no log of ours holds.
    let quoted = quote_specials(text);
    let records: Vec<Ordered> = serde_json::from_str(&quoted).map_err(|error| error.to_string())?;
    Ok(records.into_iter().map(|record| LogEntry { values: record.0 }).collect())
}

/// A JSON object whose order is kept.
struct Ordered(Vec<(String, LogValue)>);

impl<'de> serde::Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a record of a log")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut values = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    let value = match value {
                        serde_json::Value::Number(n) => match n.as_i64() {
                            Some(integer) => LogValue::Integer(integer),
                            None => LogValue::Number(n.as_f64().unwrap_or(f64::NAN)),
                        },
                        serde_json::Value::String(text) => match text.strip_prefix(SPECIAL) {
                            Some("NaN") => LogValue::Number(f64::NAN),
                            Some("Infinity") => LogValue::Number(f64::INFINITY),
                            Some("-Infinity") => LogValue::Number(f64::NEG_INFINITY),
                            _ => LogValue::Text(text),
                        },
                        serde_json::Value::Null => LogValue::Number(f64::NAN),
                        other => LogValue::Text(other.to_string()),
                    };
                    values.push((name, value));
                }
                Ok(Ordered(values))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Marks the texts that stand for numbers without a JSON form.
const SPECIAL: &str = "\u{1}";

fn quote_specials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    'next: while let Some(c) = rest.chars().next() {
        if in_string && c == '\\' {
            let escaped: String = rest.chars().take(2).collect();
            rest = &rest[escaped.len()..];
            out += &escaped;
            continue;
        }
        if !in_string {
            for word in ["NaN", "Infinity", "-Infinity"] {
                if let Some(after) = rest.strip_prefix(word) {
                    let _ = write!(out, "\"\\u0001{word}\"");
                    rest = after;
                    continue 'next;
                }
            }
        }
        in_string ^= c == '"';
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Log {
        let mut entry = LogEntry::default();
        entry.insert("main/loss", LogValue::Number(0.6825117468833923));
        entry.insert("epoch", LogValue::Integer(1));
        entry.insert("note \"NaN\"", LogValue::Text("a\nb".to_owned()));
        entry.insert("tiny", LogValue::Number(-1e-7));
        entry.insert("whole", LogValue::Number(2.0));
        vec![entry, LogEntry::default()]
    }

    #[test]
    fn logs_come_back() {
        for indented in [false, true] {
            assert_eq!(from_json(&to_json(&example(), indented)).unwrap(), example());
            assert_eq!(from_json(&to_json(&[], indented)).unwrap(), []);
        }
    }

    #[test]
    fn the_text_is_pythons() {
        let mut entry = LogEntry::default();
        entry.insert("main/loss", LogValue::Number(0.5));
        entry.insert("epoch", LogValue::Integer(0));
        assert_eq!(to_json(&[entry.clone()], false), r#"[{"main/loss": 0.5, "epoch": 0}]"#);
        let want = "[\n    {\n        \"main/loss\": 0.5,\n        \"epoch\": 0\n    }\n]";
        assert_eq!(to_json(&[entry], true), want);
    }

    #[test]
    fn numbers_without_a_json_form_come_back() {
        let log = from_json(r#"[{"a": NaN, "b": -Infinity, "c": Infinity, "d NaN \" NaN": "NaN"}]"#).unwrap();
        let entry = &log[0];
        assert!(entry.number("a").unwrap().is_nan());
        assert_eq!(entry.number("b"), Some(f64::NEG_INFINITY));
        assert_eq!(entry.number("c"), Some(f64::INFINITY));
        assert_eq!(entry.get("d NaN \" NaN"), Some(&LogValue::Text("NaN".to_owned())));
        assert!(to_json(&log, false).contains("\"a\": NaN, \"b\": -Infinity, \"c\": Infinity"));
        assert!(from_json("[{").is_err());
    }
}
