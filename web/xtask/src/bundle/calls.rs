//! Who calls whom in a module.

use std::collections::{BTreeMap, BTreeSet};

use walrus::ir::{Call, RefFunc, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, ElementItems, ElementKind, ExportItem, FunctionId, FunctionKind, Module};

/// Functions by their places in the table of functions.
pub(super) type Places = BTreeMap<u64, FunctionId>;

/// What is in the table from the beginning.
pub(super) fn places(module: &Module) -> Places {
    let table = module.tables.main_function_table().ok().flatten();
    let mut places = Places::new();
    for element in module.elements.iter() {
        if let ElementKind::Active { table: of, offset } = &element.kind
            && let ConstExpr::Value(Value::I32(offset)) = offset
            && let ElementItems::Functions(functions) = &element.items
            && table == Some(*of)
        {
            places.extend((*offset as u64..).zip(functions.iter().copied()));
        }
    }
    places
}

/// What is called from outside: the exports, and what runs at the start.
pub(super) fn entries(module: &Module) -> impl Iterator<Item = FunctionId> {
    let exported = module
        .exports
        .iter()
        .filter_map(|export| match export.item {
            ExportItem::Function(id) => Some(id),
            _ => None,
        });
    exported.chain(module.start)
}

/// What is called from where this begins, without passing through what is not let in.
pub(super) fn reach(
    module: &Module,
    begin: impl Iterator<Item = FunctionId>,
    lets_in: impl Fn(FunctionId) -> bool,
) -> BTreeSet<FunctionId> {
    let mut next: Vec<FunctionId> = begin.collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = next.pop() {
        if lets_in(id) && reached.insert(id) {
            next.extend(callees(module, id));
        }
    }
    reached
}

/// What a function calls, or takes the address of.
pub(super) fn callees(module: &Module, caller: FunctionId) -> Vec<FunctionId> {
    struct Callees(Vec<FunctionId>);
    impl<'i> Visitor<'i> for Callees {
        fn visit_call(&mut self, call: &Call) {
            self.0.push(call.func);
        }
        fn visit_ref_func(&mut self, reference: &RefFunc) {
            self.0.push(reference.func);
        }
    }
    let mut callees = Callees(Vec::new());
    if let FunctionKind::Local(function) = &module.funcs.get(caller).kind {
        dfs_in_order(&mut callees, function, function.entry_block());
    }
    callees.0
}
