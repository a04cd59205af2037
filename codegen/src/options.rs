//! Options of the generator.

use aliyun_api_spec::model::Operation;

/// Options of [`generate`](crate::generate).
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// The operations to generate; all if empty. Types that none of them uses are left out.
    pub operations: Vec<&'a str>,
    /// Path of the module that will contain the code, for the examples in its documentation, such as `dyvmsapi`. Without
    /// it the documentation has no examples.
    pub path: Option<&'a str>,
    /// Address of the folder of the specification, for links to its files. Without it the documentation only names them.
    pub link: Option<&'a str>,
}

impl Options<'_> {
    pub(crate) fn chooses(&self, operation: &Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation.action.as_str())
    }
}
