//! What is generated, and for whom.

use aliyun_api_spec::model::Operation;

/// What is generated, and for whom.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// The operations; all if empty. Types that none of them uses are left out.
    pub operations: Vec<&'a str>,
    /// Path of the module that the code stands in, as the examples in its documentation write it, such as
    /// `dyvmsapi`. Without it the documentation has no examples.
    pub path: Option<&'a str>,
    /// Where the specification files can be read, as the beginning of a link. Without it they are named only.
    pub link: Option<&'a str>,
}

impl Options<'_> {
    pub(crate) fn chooses(&self, operation: &Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation.action.as_str())
    }
}
