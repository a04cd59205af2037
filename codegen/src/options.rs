//! Options of the generator.

use aliyun_api_spec::model::{Operation, Receipt};

/// Options of [`generate`](crate::generate).
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// The operations to generate. If neither operations nor receipts are chosen, everything is generated; otherwise types
    /// that nothing uses are left out.
    pub operations: Vec<&'a str>,
    /// The kinds of receipts to generate.
    pub receipts: Vec<&'a str>,
    /// Path of the module that will contain the code, for the examples in its documentation, such as `dyvmsapi`. Without
    /// it the documentation has no examples.
    pub path: Option<&'a str>,
    /// Address of the folder of the specification, for links to its files. Without it the documentation only names them.
    pub link: Option<&'a str>,
}

impl Options<'_> {
    pub(crate) fn chooses(&self, operation: &Operation) -> bool {
        self.is_everything() || self.operations.contains(&operation.action.as_str())
    }

    pub(crate) fn chooses_receipt(&self, receipt: &Receipt) -> bool {
        self.is_everything() || self.receipts.contains(&receipt.kind.as_str())
    }

    fn is_everything(&self) -> bool {
        self.operations.is_empty() && self.receipts.is_empty()
    }
}
