//! What a path reads of a document, by serde_json: for the tests of [`Scan`], and for those of its fuzz target.

use super::{JsonRead, JsonStep};
use serde_json::{Value, json};

/// What a reading along these steps finds.
pub fn oracle(steps: &[JsonStep], how: JsonRead, value: &Value) -> Option<String> {
    let Some((step, rest)) = steps.split_first() else {
        return match (how, value) {
            (JsonRead::String, Value::String(text)) => Some(text.clone()).filter(|t| (1..=128).contains(&t.len())),
            (JsonRead::Beginning, Value::String(text)) => {
                let some = &text.as_bytes()[..text.len().min(128)];
                Some(String::from_utf8_lossy(some).into_owned()).filter(|text| !text.is_empty())
            }
            (JsonRead::Int, Value::Bool(yes)) => Some(u64::from(*yes).to_string()),
            (JsonRead::Int, Value::Number(number)) => number.as_u64().map(|n| n.to_string()),
            (JsonRead::Items, Value::Array(items)) => Some(items.len()).filter(|n| *n > 0).map(|n| n.to_string()),
            (JsonRead::Dimensions, Value::Array(items)) => {
                let size = |item: &Value| u32::try_from(item.as_u64()?).ok();
                let sizes: Option<Vec<u32>> = items.iter().map(size).collect();
                sizes.filter(|sizes| (1..=8).contains(&sizes.len())).map(|sizes| format!("{sizes:?}"))
            }
            (JsonRead::Items, Value::Null) | (JsonRead::Present, Value::Null | Value::Bool(false)) => None,
            (JsonRead::Items, _) => Some("1".into()),
            (JsonRead::Present, value) => {
                let is_zero = value.as_f64() == Some(0.0);
                (!is_zero && *value != json!("") && *value != json!([]) && *value != json!({})).then(|| "1".into())
            }
            _ => None,
        };
    };
    match (step, value) {
        (JsonStep::Key(key), Value::Object(object)) => oracle(rest, how, object.get(&**key)?),
        (JsonStep::Item(n), Value::Array(items)) => oracle(rest, how, items.get(*n as usize)?),
        (JsonStep::Each, Value::Array(items)) => items.iter().rev().find_map(|item| oracle(rest, how, item)),
        _ => None,
    }
}
