//! Errors keep their causes: what an error says never holds what its source
//! says, so that a chain says each thing once.

use syn::visit::Visit;

use super::{is_test, sources};

/// Errors of one file that say what their source says.
#[derive(Default)]
struct Repeats(Vec<String>);

impl Visit<'_> for Repeats {
    fn visit_item_enum(&mut self, item: &syn::ItemEnum) {
        for variant in &item.variants {
            self.judge(&format!("{}::{}", item.ident, variant.ident), &variant.attrs, &variant.fields);
        }
    }

    fn visit_item_struct(&mut self, item: &syn::ItemStruct) {
        self.judge(&item.ident.to_string(), &item.attrs, &item.fields);
    }

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

impl Repeats {
    fn judge(&mut self, name: &str, attributes: &[syn::Attribute], fields: &syn::Fields) {
        let Some(said) = attributes.iter().find(|attribute| attribute.path().is_ident("error")) else { return };
        let Ok(said) = said.meta.require_list().map(|list| list.tokens.to_string()) else { return };
        let sources = fields.iter().enumerate().filter(|(_, field)| is_source(field));
        let names = sources.map(|(place, field)| field.ident.as_ref().map_or(place.to_string(), ToString::to_string));
        self.0
            .extend(names.filter(|source| mentions(&said, source)).map(|source| format!("{name} says its `{source}`")));
    }
}

/// As `thiserror` tells: by its attribute, or by its name.
fn is_source(field: &syn::Field) -> bool {
    let is_marked =
        |attribute: &syn::Attribute| attribute.path().is_ident("source") || attribute.path().is_ident("from");
    field.attrs.iter().any(is_marked) || field.ident.as_ref().is_some_and(|ident| ident == "source")
}

/// In the text, `{source}`, or among what the text is given, `source.column()` or
/// `.0.kind()`.
fn mentions(said: &str, source: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    said.split(|letter: char| !is_part(letter)).any(|word| word == source)
}

fn repeats(text: &str) -> Vec<String> {
    let mut repeats = Repeats::default();
    repeats.visit_file(&syn::parse_file(text).unwrap());
    repeats.0
}

#[test]
fn no_error_says_what_its_source_says() {
    let told = sources().into_iter().flat_map(|source| {
        repeats(&source.text).into_iter().map(move |repeat| format!("{}: {repeat}", source.path.display()))
    });
    assert_eq!(told.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_error_that_says_what_its_source_says_is_found_however_it_does() {
    let wrong = [
        "enum A { #[error(\"no: {source}\")] B { source: C } }",
        "enum A { #[error(\"no: {0}\")] B(#[from] C) }",
        "enum A { #[error(\"no: {}\", .why.kind())] B { #[source] why: C } }",
        "#[error(\"no: {}\", words(source))] struct A { source: C }",
    ];
    let right = [
        "enum A { #[error(\"no\")] B { source: C } }",
        "enum A { #[error(transparent)] B(#[from] C) }",
        "enum A { #[error(\"no: {0}\")] B(String) }",
    ];
    assert_eq!(
        wrong.map(|text| repeats(text).join(", ")),
        ["A::B says its `source`", "A::B says its `0`", "A::B says its `why`", "A says its `source`"]
    );
    assert_eq!(right.map(|text| repeats(text).join(", ")), ["", "", ""]);
}
