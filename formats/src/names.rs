//! Names of types and of fields, proposed once and then written into the specification.
//!
//! The name of a type is made of the words of the action and of the path to it. A leading `Data` or `Model` of a response is
//! left out if more follows, and a list's last word `List`, `Items`, `Values`, `Records`, `Data` or `Model` becomes `Item`.

use std::collections::{HashMap, HashSet};

use aliyun_api_spec::name::{RESERVED_TYPES, fault_of_identifier, is_camel_case, snake_case, type_name};

use crate::draft::{Field, Kind, Object, Shape};

/// The longest name of a type.
const LONGEST: usize = 60;

/// Where an object is: in the parameters or in the response of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Request,
    Response,
}

/// The names that are used in a service.
#[derive(Debug, Default)]
pub(crate) struct Space {
    taken: HashSet<String>,
}

impl Space {
    pub(crate) fn claim(&mut self, name: &str) -> bool {
        !RESERVED_TYPES.contains(&name) && is_camel_case(name) && self.taken.insert(name.to_owned())
    }

    fn is_free(&self, name: &str) -> bool {
        !RESERVED_TYPES.contains(&name) && is_camel_case(name) && !self.taken.contains(name)
    }

    /// A free name: this one, or else with the word, or else with a number.
    pub(crate) fn claim_or(&mut self, name: &str, word: &str) -> String {
        let candidates = [name.to_owned(), format!("{name}{word}")];
        let numbered = (2..).map(|number| format!("{name}{word}{number}"));
        let free = candidates.into_iter().chain(numbered).find(|candidate| self.claim(candidate));
        free.unwrap_or_default()
    }

    /// The name of the request of an action. It and that of its response are taken from now on.
    pub(crate) fn claim_action(&mut self, action: &str) -> String {
        let name = camel([action]);
        let plain = if is_camel_case(action) { action.to_owned() } else { name };
        let candidates = [plain.clone(), format!("{plain}Action")];
        let numbered = (2..).map(|number| format!("{plain}Action{number}"));
        let is_free = |name: &String| self.is_free(name) && self.is_free(&format!("{name}Response"));
        let name = candidates.into_iter().chain(numbered).find(is_free).unwrap_or_default();
        self.claim(&name);
        self.claim(&format!("{name}Response"));
        name
    }

    pub(crate) fn claim_product(&mut self, product: &str) {
        self.claim(&type_name(product));
    }
}

/// Words as a type name. Characters other than ASCII letters and digits are left out.
pub(crate) fn camel<'w>(names: impl IntoIterator<Item = &'w str>) -> String {
    let mut name = String::new();
    for word in names.into_iter().flat_map(|name| snake_case(name).split('_').map(str::to_owned).collect::<Vec<_>>()) {
        let mut characters = word.chars().filter(char::is_ascii_alphanumeric);
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.extend(characters);
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("N{name}") } else { name }
}

/// An object of an operation, in the order in which [`each_object`] visits them.
#[derive(Debug)]
pub(crate) struct Place {
    carrier: Carrier,
    /// Wire names from the operation to the object. An item of a list in a list has the path of the list.
    path: Vec<String>,
    /// Whether it is an item of a list or a value of a map.
    is_item: bool,
    object: Object,
}

/// Visits every object of a table, from the outside in.
pub(crate) fn each_object(fields: &mut [Field], visit: &mut dyn FnMut(&[String], bool, &mut Object)) {
    let mut path = Vec::new();
    for field in fields {
        path.push(field.name.clone());
        shape_of(&mut field.shape, &mut path, false, visit);
        path.pop();
    }
}

fn shape_of(
    shape: &mut Shape,
    path: &mut Vec<String>,
    is_item: bool,
    visit: &mut dyn FnMut(&[String], bool, &mut Object),
) {
    match &mut shape.kind {
        Kind::Array(items) | Kind::Map(items) => shape_of(items, path, true, visit),
        Kind::Object(object) => {
            visit(path, is_item, object);
            for field in &mut object.fields {
                path.push(field.name.clone());
                shape_of(&mut field.shape, path, false, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Gives every object of an operation the name of its type. `known` has the names of an earlier import, by carrier and path.
pub(crate) fn name_types(
    action: &str,
    parameters: &mut [Field],
    response: &mut [Field],
    known: &HashMap<(bool, String), String>,
    space: &mut Space,
) {
    let mut places = Vec::new();
    for (carrier, fields) in [(Carrier::Request, &mut *parameters), (Carrier::Response, &mut *response)] {
        each_object(fields, &mut |path, is_item, object| {
            places.push(Place { carrier, path: path.to_vec(), is_item, object: object.clone() });
        });
    }
    let mut names: Vec<String> = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let of_response = place.carrier == Carrier::Response;
        let earlier = places.iter().zip(&names).take(index);
        let is_same = |name: &str| {
            earlier.clone().any(|(other, taken)| taken == name && other.object.fields == place.object.fields)
        };
        let kept = known.get(&(of_response, place.path.join("."))).cloned();
        let candidates = kept.into_iter().chain(proposals(action, place, &places));
        let mut chosen = None;
        for name in candidates {
            if is_same(&name) || space.claim(&name) {
                chosen = Some(name);
                break;
            }
        }
        names.push(chosen.unwrap_or_default());
    }
    let mut names = names.into_iter();
    for fields in [parameters, response] {
        each_object(fields, &mut |_, _, object| object.name = names.next());
    }
}

/// The names to try, in this order. The last ones are numbered, so that one of them is free.
fn proposals(action: &str, place: &Place, all: &[Place]) -> impl Iterator<Item = String> {
    let words = |path: &[String]| -> Vec<String> {
        let mut names: Vec<String> = path.iter().map(|name| snake_case(name)).collect();
        if let Some(last) = names.last_mut().filter(|_| place.is_item) {
            let (start, word) = last.rsplit_once('_').map_or(("", last.as_str()), |(start, word)| (start, word));
            if matches!(word, "list" | "items" | "values" | "records" | "data" | "model") {
                *last = if start.is_empty() { "item".to_owned() } else { format!("{start}_item") };
            }
        }
        names
    };
    let carrier = match place.carrier {
        Carrier::Request => "Request",
        Carrier::Response => "Response",
    };
    let path = place.path.as_slice();
    let short = match path {
        [first, rest @ ..] if place.carrier == Carrier::Response && !rest.is_empty() && is_wrapper(first) => rest,
        path => path,
    };
    let name = |before: &[&str], path: &[String]| {
        let words = words(path);
        camel(before.iter().copied().chain(words.iter().map(String::as_str)))
    };
    let mut names = vec![name(&[action], short), name(&[action], path), name(&[action, carrier], path)];
    names.retain(|name| name.len() <= LONGEST);
    // The shortest tail that no other object of the operation has.
    let tails = (1..=path.len()).filter_map(|length| {
        let tail = path.get(path.len() - length..)?;
        let others = all.iter().filter(|other| other.path != place.path);
        let is_shared = others
            .filter_map(|other| other.path.get(other.path.len().checked_sub(length)?..))
            .any(|other| other == tail);
        (!is_shared).then(|| name(&[], tail))
    });
    names.extend(tails.filter(|name| name.len() <= LONGEST));
    let base = names.first().cloned().unwrap_or_else(|| {
        let whole = name(&[action], path);
        whole.chars().take(LONGEST).collect()
    });
    let numbered = (2..100_000).map(move |number| format!("{base}{number}"));
    names.into_iter().chain(numbered)
}

fn is_wrapper(name: &str) -> bool {
    matches!(snake_case(name).as_str(), "data" | "model")
}

/// The Rust names of fields, where the derived one cannot be used or is taken: one entry for each field. `before` are the
/// wire names of the fields that the same struct has before these.
pub(crate) fn field_names(fields: &[Field], before: &[String], sent: bool) -> Vec<Option<String>> {
    let mut taken: HashSet<String> = before.iter().map(|name| snake_case(name)).collect();
    // Names that can be derived come first, so that only the others change.
    let is_usable = |name: &str| fault_of_identifier(name).is_none() && !(sent && matches!(name, "new" | "clone"));
    let mut derived: Vec<Option<String>> = Vec::new();
    for field in fields {
        let name = snake_case(&field.name);
        let is_free = is_usable(&name) && taken.insert(name.clone());
        derived.push(is_free.then_some(name));
    }
    let proposed = fields.iter().zip(derived).map(|(field, derived)| {
        if derived.is_some() {
            return None;
        }
        let plain = snake_case(&camel([field.name.as_str()]));
        let base = if fault_of_identifier(&plain).is_none() && !matches!(plain.as_str(), "new" | "clone") {
            plain
        } else if plain.is_empty() {
            "field".to_owned()
        } else {
            format!("{plain}_value")
        };
        let numbered = (2..).map(|number| format!("{base}_{number}"));

        std::iter::once(base.clone()).chain(numbered).find(|name| is_usable(name) && taken.insert(name.clone()))
    });
    proposed.collect()
}
