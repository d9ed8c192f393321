//! Takes out functions that stand in the table of functions and that nothing calls.
//!
//! Whatever has its address taken stands in the table, and so stays, with all that it calls. wasm-bindgen takes addresses for
//! its own use: the one of what calls a closure, for every kind of closure that `js-sys` knows, to describe it to the generator;
//! JavaScript calls by name those that it needs. `js-sys` has the table of a task's waker; a client without futures has no task.
//! That nothing of the client itself calls them is checked.

use std::collections::HashSet;

use anyhow::{Result, bail};
use walrus::{ElementItems, ExportItem, FunctionId, Module};

use crate::bundle::panics::{calls_any, plain, trap};

/// Where these functions are.
const UNUSED: [&str; 2] = [
    "wasm_bindgen::convert::closures::_::invoke::",
    "js_sys::futures::",
];

/// Makes them traps, so that what only they called goes. The functions must still have their names.
///
/// # Errors
/// When something calls one of them.
pub(super) fn drop(module: &mut Module) -> Result<()> {
    let mut ids = HashSet::new();
    for element in module.elements.iter() {
        if let ElementItems::Functions(functions) = &element.items {
            ids.extend(functions.iter().copied());
        }
    }
    for export in module.exports.iter() {
        if let ExportItem::Function(id) = &export.item {
            ids.remove(id);
        }
    }
    let name = |id: FunctionId| {
        module
            .funcs
            .get(id)
            .name
            .as_deref()
            .map(plain)
            .unwrap_or_default()
    };
    let is_unused = |id: &FunctionId| UNUSED.iter().any(|path| name(*id).contains(path));
    let unused: Vec<FunctionId> = ids.into_iter().filter(is_unused).collect();
    for (id, function) in module.funcs.iter_local() {
        if !is_unused(&id)
            && let Some(callee) = calls_any(function, &unused)
        {
            bail!(
                "{} calls {}, which was taken for unused",
                name(id),
                name(callee)
            );
        }
    }
    for id in unused {
        trap(module, id);
    }
    walrus::passes::gc::run(module);
    Ok(())
}
