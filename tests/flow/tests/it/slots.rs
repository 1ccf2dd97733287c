//! The places of a message where a value can stand, so that a test can put another one into each.

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, OneofDescriptor, ReflectMessage, Value,
};

/// One place: a field, or one item of a repeated field, however deep.
#[derive(Debug, Clone)]
pub(crate) struct Slot(Vec<Step>);

#[derive(Debug, Clone)]
struct Step {
    field: FieldDescriptor,
    /// Which item, when one of a repeated field is meant.
    index: Option<usize>,
}

/// Every place of a message, from the outside in: all fields of each message that is there, whether set or not. Members of
/// a oneof beside the one that is set are no places of this message.
pub(crate) fn slots(message: &DynamicMessage) -> Vec<Slot> {
    let mut found = Vec::new();
    collect(message, &Slot(Vec::new()), &mut found);
    found
}

fn collect(message: &DynamicMessage, above: &Slot, found: &mut Vec<Slot>) {
    for field in message.descriptor().fields() {
        let slot = above.down(&field, None);
        if slot.oneof().is_some() && !message.has_field(&field) {
            continue;
        }
        let value = message.get_field(&field);
        found.push(slot.clone());
        match &*value {
            Value::List(items) => collect_items(items, &field, above, found),
            Value::Message(inner) if message.has_field(&field) => collect(inner, &slot, found),
            _ => {}
        }
    }
}

fn collect_items(items: &[Value], field: &FieldDescriptor, above: &Slot, found: &mut Vec<Slot>) {
    for (index, item) in items.iter().enumerate() {
        let slot = above.down(field, Some(index));
        found.push(slot.clone());
        if let Value::Message(inner) = item {
            collect(inner, &slot, found);
        }
    }
    if items.is_empty() && !matches!(field.kind(), Kind::Message(_)) {
        found.push(above.down(field, Some(0)));
    }
}

impl Slot {
    fn down(&self, field: &FieldDescriptor, index: Option<usize>) -> Self {
        let mut steps = self.0.clone();
        let field = field.clone();
        steps.push(Step { field, index });
        Self(steps)
    }

    /// The path as refusals name it: `cart.lines[3].sku`. The parts of an instant or a span have the path of the whole.
    pub(crate) fn path(&self) -> String {
        let part_of_time =
            self.is_in("google.protobuf.Timestamp") || self.is_in("google.protobuf.Duration");
        let steps = if part_of_time { self.way() } else { &self.0 };
        path(steps, |index| format!("[{index}]"))
    }

    /// The path without positions, and down to the parts of an instant: the same for all items of a list.
    pub(crate) fn shape(&self) -> String {
        path(&self.0, |_| "[]".to_owned())
    }

    /// The field, without where it stands: `rescate.money.v1.Money.currency`.
    pub(crate) fn full_name(&self) -> String {
        self.field().full_name().to_owned()
    }

    pub(crate) fn field(&self) -> &FieldDescriptor {
        &self.last().field
    }

    /// Whether the place takes one string.
    pub(crate) fn is_text(&self) -> bool {
        self.field().kind() == Kind::String && !self.is_whole_list()
    }

    /// Whether it is a repeated field as a whole, not one of its items.
    pub(crate) fn is_whole_list(&self) -> bool {
        self.field().is_list() && self.last().index.is_none()
    }

    /// Whether the field belongs to this message.
    pub(crate) fn is_in(&self, message: &str) -> bool {
        self.field().parent_message().full_name() == message
    }

    /// The oneof that the field is a member of. Proto3's `optional` is none.
    pub(crate) fn oneof(&self) -> Option<String> {
        oneof(self.field()).map(|oneof| oneof.name().to_owned())
    }

    /// Whether the contract asks for a value: its comment says `Required`.
    pub(crate) fn is_required(&self) -> bool {
        let path = match oneof(self.field()) {
            Some(oneof) => oneof.path().to_vec(),
            None => self.field().path().to_vec(),
        };
        let file = self.field().parent_file();
        let notes = file.file_descriptor_proto().source_code_info.as_ref();
        notes
            .into_iter()
            .flat_map(|notes| &notes.location)
            .filter(|note| note.path == path)
            .any(|note| note.leading_comments().contains("Required"))
    }

    pub(crate) fn get(&self, message: &DynamicMessage) -> Value {
        let mut value = Value::Message(message.clone());
        for step in &self.0 {
            let field = value
                .as_message()
                .unwrap()
                .get_field(&step.field)
                .into_owned();
            value = match step.index {
                Some(index) => item(&field, index, &step.field),
                None => field,
            };
        }
        value
    }

    pub(crate) fn set(&self, message: &mut DynamicMessage, value: Value) {
        let field = self.field();
        let place = self.place(message);
        let Some(index) = self.last().index else {
            return place.set_field(field, value);
        };
        let items = place.get_field_mut(field).as_list_mut().unwrap();
        match items.get_mut(index) {
            Some(item) => *item = value,
            None => items.push(value),
        }
    }

    pub(crate) fn clear(&self, message: &mut DynamicMessage) {
        self.place(message).clear_field(self.field());
    }

    /// The message that the last field belongs to.
    fn place<'m>(&self, message: &'m mut DynamicMessage) -> &'m mut DynamicMessage {
        self.way().iter().fold(message, |message, step| {
            let field = message.get_field_mut(&step.field);
            let inner = match step.index {
                Some(index) => field.as_list_mut().unwrap().get_mut(index).unwrap(),
                None => field,
            };
            inner.as_message_mut().unwrap()
        })
    }

    /// The steps down to the message that the last field belongs to.
    fn way(&self) -> &[Step] {
        self.0.split_last().map_or(&[], |(_, way)| way)
    }

    fn last(&self) -> &Step {
        self.0.last().expect("a slot is at least one field deep")
    }
}

fn oneof(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic())
}

fn item(list: &Value, index: usize, field: &FieldDescriptor) -> Value {
    let items = list.as_list().unwrap();
    items
        .get(index)
        .cloned()
        .unwrap_or_else(|| Value::default_value(&field.kind()))
}

fn path(steps: &[Step], position: impl Fn(usize) -> String) -> String {
    let names: Vec<String> = steps
        .iter()
        .map(|step| {
            let index = step.index.map(&position).unwrap_or_default();
            format!("{}{index}", step.field.name())
        })
        .collect();
    names.join(".")
}
