//! The columns of a table of fields, and its rows.

use super::table::Row;
use crate::draft::Kind;
use crate::note::Notes;
use crate::prose;

/// Which column is which, by the words of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    name: usize,
    kind: Option<usize>,
    required: Option<usize>,
    example: Option<usize>,
    description: Option<usize>,
    position: Option<usize>,
}

impl Columns {
    /// The columns, if they are those of a table of fields.
    pub(crate) fn of(header: &Row<'_>) -> Option<Self> {
        let words: Vec<String> = header
            .cells
            .iter()
            .map(|cell| {
                prose::plain(cell.text).to_lowercase().replace(['\u{a0}', '\n', '?', '？'], " ").trim().to_owned()
            })
            .collect();
        let find = |known: &[&str]| words.iter().position(|word| known.contains(&word.as_str()));
        let columns = Self {
            name: find(&[
                "名称",
                "参数",
                "参数名",
                "参数名称",
                "字段",
                "字段名",
                "字段名称",
                "name",
                "parameter",
                "field",
                "parameter name",
            ])?,
            kind: find(&["类型", "参数类型", "数据类型", "字段类型", "type", "data type"]),
            required: find(&[
                "是否必选",
                "是否必需",
                "是否必须",
                "是否必填",
                "必要",
                "必选",
                "必填",
                "必须",
                "required",
                "required or not",
                "mandatory",
            ]),
            example: find(&["示例值", "示例", "样例", "example", "example value", "sample", "sample value"]),
            description: find(&["描述", "说明", "参数说明", "含义", "备注", "description"]),
            position: find(&["位置", "参数位置", "position", "in"]),
        };
        (columns.kind.is_some() || columns.description.is_some()).then_some(columns)
    }

    pub(crate) fn has_required(&self) -> bool {
        self.required.is_some()
    }
}

/// A row of a table of fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) at: usize,
    /// Number of depth marks before the name.
    pub(crate) marks: usize,
    pub(crate) name: String,
    pub(crate) kind: Written,
    pub(crate) required: bool,
    pub(crate) example: String,
    /// As it is written, in Markdown.
    pub(crate) description: String,
    pub(crate) position: String,
}

/// A type as a page writes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Written {
    Scalar(Kind),
    /// Text keys and values.
    Map,
    /// A list, with the type of its items if that is a scalar.
    List(Option<Kind>),
    /// An object or a list of objects; nothing is written, or the name of a type.
    Container,
    Any,
}

impl Line {
    pub(crate) fn of(row: &Row<'_>, columns: &Columns, notes: &mut Notes<'_>) -> Option<Self> {
        if let Some(fault) = row.fault {
            notes.contradiction(row.at, format!("{fault}; those that are there are read in their order"));
        }
        let cell = |index: Option<usize>| index.and_then(|index| row.cells.get(index)).map_or("", |cell| cell.text);
        let raw = prose::unescaped(cell(Some(columns.name)));
        let marked = raw.trim().trim_matches(['`', '*', '\u{a0}', ' ']);
        let name = marked.trim_start_matches(['└', '├', '─', '－', '∟', ' ', '\u{a0}']);
        let marks = marked.chars().filter(|c| matches!(c, '└' | '├' | '∟')).count();
        let name = name.trim();
        if name.is_empty() {
            notes.loss(row.at, "a row has no name");
            return None;
        }
        if name.chars().any(|c| c.is_whitespace() || matches!(c, '|' | '"')) {
            notes.loss(row.at, format!("{name:?} is not the name of a field"));
            return None;
        }
        let kind = written(&prose::unescaped(&prose::plain(cell(columns.kind))), row.at, name, notes);
        let required = prose::plain(cell(columns.required)).trim().to_lowercase();
        let required = match required.as_str() {
            "是" | "yes" | "true" | "必选" | "必须" | "必填" | "required" | "y" => true,
            "否" | "no" | "false" | "可选" | "optional" | "n" | "" => false,
            other => {
                let is_required = other.starts_with('是') || other.starts_with("yes");
                let taken = if is_required { "required" } else { "optional" };
                notes.guess(row.at, format!("{name}: required is {other:?}; it is taken for {taken}"));
                is_required
            }
        };
        let position = prose::plain(cell(columns.position)).trim().to_lowercase();
        Some(Self {
            at: row.at,
            marks,
            name: name.to_owned(),
            kind,
            required,
            example: prose::unescaped(cell(columns.example)).trim().to_owned(),
            description: cell(columns.description).to_owned(),
            position: if position.contains("body") { "body".to_owned() } else { position },
        })
    }

    /// The description without Markdown.
    pub(crate) fn plain(&self) -> String {
        prose::plain(&self.description)
    }
}

fn written(text: &str, at: usize, name: &str, notes: &mut Notes<'_>) -> Written {
    let word = text.trim().trim_matches(['`', '\u{a0}']).trim();
    let lower = word.to_lowercase();
    if let Some(kind) = scalar(&lower) {
        return Written::Scalar(kind);
    }
    if lower.contains("map") {
        return Written::Map;
    }
    let items = lower
        .strip_prefix("array of")
        .or_else(|| lower.strip_prefix("list of"))
        .or_else(|| lower.strip_suffix("[]"))
        .or_else(|| lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')))
        .or_else(|| {
            lower.strip_prefix("list<").or_else(|| lower.strip_prefix("array<")).and_then(|rest| rest.strip_suffix('>'))
        });
    if let Some(items) = items {
        return Written::List(scalar(items.trim_matches(['`', ' ', '\n'])));
    }
    match lower.as_str() {
        "" | "n/a" | "-" | "struct" | "object" | "复杂类型" => Written::Container,
        "repeatlist" | "list" | "array" | "数组" | "arraylist" => Written::List(None),
        "json" | "jsonobject" | "any" => Written::Any,
        _ => {
            // The name of a type of the service.
            let is_name = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name {
                notes.guess(at, format!("{name}: the type {word:?} is unknown; it is taken for a structure"));
            }
            Written::Container
        }
    }
}

fn scalar(word: &str) -> Option<Kind> {
    Some(match word {
        "string" | "text" | "datetime" | "date" | "timestamp" | "time" | "字符串" | "str" | "char" | "enum" => {
            Kind::String
        }
        "integer" | "int" | "整型" | "整数" | "int32" | "short" => Kind::Int32,
        "long" | "int64" | "长整型" | "bigint" => Kind::Int64,
        "boolean" | "bool" | "布尔" | "布尔型" => Kind::Boolean,
        "float" | "double" | "number" | "bigdecimal" | "decimal" => Kind::Number,
        _ => return None,
    })
}
