//! The model's states as GraphQL enums: the same names, and the descriptions from the model's own
//! words, so that neither can drift.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType,
    Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry},
};
use async_trait::async_trait;
use berth_model::States;

/// A state of the model, as GraphQL shows and takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State<T>(pub T);

impl<T: States> State<T> {
    fn value(self) -> Value {
        let known = T::VALUES.iter().find(|(value, ..)| *value == self.0);
        let (_, name, _) = known.expect("VALUES has every variant: one macro writes both");
        Value::Enum(Name::new(*name))
    }

    fn meta(_: &mut Registry) -> MetaType {
        let values = T::VALUES.iter().map(|(_, name, description)| {
            let value = MetaEnumValue {
                name: (*name).to_owned(),
                description: Some(description.trim().to_owned()),
                deprecation: Deprecation::NoDeprecated,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                directive_invocations: Vec::new(),
            };
            ((*name).to_owned(), value)
        });
        MetaType::Enum {
            name: T::NAME.to_owned(),
            description: Some(T::DESCRIPTION.trim().to_owned()),
            enum_values: values.collect(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(std::any::type_name::<Self>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        }
    }
}

impl<T: States> InputType for State<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, Self::meta)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let text = match &value {
            Value::Enum(name) => name.as_str(),
            Value::String(text) => text.as_str(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        let known = T::VALUES.iter().find(|(_, name, _)| *name == text);
        known
            .map(|(value, ..)| Self(*value))
            .ok_or_else(|| InputValueError::custom(format!("{} has no value {text:?}", T::NAME)))
    }

    fn to_value(&self) -> Value {
        self.value()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

#[async_trait]
impl<T: States> OutputType for State<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, Self::meta)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(self.value())
    }
}
