//! What the policies look at. Cedar is told that and nothing else, since most of the time that an answer takes goes into
//! telling the question; and answers are kept by it.

use std::collections::BTreeSet;

use serde_json::Value;

/// The attribute that is another one each time.
const NOW: &str = "now";

/// What the policies of a slice look at, beside who grants.
#[derive(Debug, Default)]
pub(in crate::authority) struct Sight {
    /// Attributes of the context, by name.
    attributes: BTreeSet<String>,
    /// Whether one takes the context as a whole.
    sees_all: bool,
    /// Whether one looks at what is granted on, or to whom.
    sees_resource: bool,
}

impl Sight {
    /// Adds what a policy looks at, as its JSON form shows it.
    pub(super) fn take(&mut self, form: &Value) {
        let of_head = form.pointer("/resource/op").and_then(Value::as_str);
        self.sees_resource |= of_head != Some("All");
        if let Some(conditions) = form.get("conditions") {
            self.walk(conditions);
        }
    }

    /// Adds what another policy looks at.
    pub(super) fn join(&mut self, other: &Self) {
        self.attributes.extend(other.attributes.iter().cloned());
        self.sees_all |= other.sees_all;
        self.sees_resource |= other.sees_resource;
    }

    /// Whether an attribute of the context is looked at.
    pub(in crate::authority) fn sees(&self, attribute: &str) -> bool {
        self.sees_all || self.attributes.contains(attribute)
    }

    /// Whether there are few different looks, so that it is worth while to keep answers. At the clock, or at a shopper, each
    /// look is another.
    pub(in crate::authority) fn recurs(&self) -> bool {
        !self.sees_all && !self.sees_resource && !self.attributes.contains(NOW)
    }

    fn walk(&mut self, form: &Value) {
        match form {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                let accessed = [".", "has"].into_iter().find_map(|access| {
                    let access = fields.get(access)?;
                    let of_context = variable(access.get("left")?) == Some("context");
                    of_context.then(|| access.get("attr")?.as_str()).flatten()
                });
                if let Some(attribute) = accessed {
                    self.attributes.insert(attribute.to_owned());
                    return;
                }
                match variable(form) {
                    Some("context") => self.sees_all = true,
                    Some("resource") => self.sees_resource = true,
                    Some(_) | None => {}
                }
                fields.values().for_each(|field| self.walk(field));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn variable(form: &Value) -> Option<&str> {
    form.get("Var")?.as_str()
}

#[cfg(test)]
mod tests {
    use cedar_policy::Policy;

    use super::*;

    fn sight(policy: &str) -> Sight {
        let policy: Policy = policy.parse().unwrap();
        let mut sight = Sight::default();
        sight.take(&policy.to_json().unwrap());
        sight
    }

    #[test]
    fn attributes_are_seen_wherever_they_stand() {
        let sight = sight(
            r#"permit (principal, action, resource)
            when { context.total <= 5 && (context has channel && context["channel"] == "chat") }
            unless { if context.money_cause then [context.cause].contains("x") else principal has tier };"#,
        );
        let seen = ["total", "channel", "money_cause", "cause"];
        assert_eq!(sight.attributes, seen.map(str::to_owned).into());
        assert!(sight.recurs() && !sight.sees("amount") && !sight.sees("tier"));
    }

    #[test]
    fn nothing_recurs_where_everything_the_clock_or_the_shopper_is_seen() {
        let whole = sight("permit (principal, action, resource) when { context == {a: 1} };");
        assert!(whole.sees("amount") && !whole.recurs());
        for policy in [
            r#"permit (principal, action, resource) when { context.now < datetime("2027-01-01") };"#,
            r#"permit (principal, action, resource in Shopper::"one");"#,
            r#"permit (principal, action, resource) when { resource in Shopper::"one" };"#,
            "permit (principal, action, resource is Cart);",
        ] {
            assert!(!sight(policy).recurs(), "{policy}");
        }
    }
}
