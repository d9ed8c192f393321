//! Takes out functions that stand in the table of functions and that nothing calls.
//!
//! Whatever has its address taken stands in the table, and so stays, with all that it calls. wasm-bindgen takes addresses for
//! its own use: the one of what calls a closure, for every kind of closure that `js-sys` knows, to describe it to the generator.
//! JavaScript calls those that it needs by the names of exports, never through the table. `js-sys` has the table of a task's waker;
//! wasm-bindgen takes out the only entry of tasks where no export suspends.

use walrus::{FunctionId, Module};

use crate::bundle::calls::{entries, places, reach};
use crate::bundle::panics::{plain, trap};

/// Where these functions are.
const UNUSED: [&str; 2] = [
    "wasm_bindgen::convert::closures::_::invoke::",
    "js_sys::futures::jspi::",
];

/// The entry of tasks.
const ENTRY: &str = "__wbg_jspi_task_poll";

/// Makes those traps that nothing but the table leads to, so that what only they called goes. The functions must still have
/// their names.
pub(super) fn drop(module: &mut Module) {
    let has_tasks = module.exports.get_func(ENTRY).is_ok();
    let paths = &UNUSED[..if has_tasks { 1 } else { 2 }];
    let in_table: Vec<FunctionId> = places(module).into_values().collect();
    let is_unused = |id: &FunctionId| {
        let name = module.funcs.get(*id).name.as_deref().map(plain);
        let name = name.unwrap_or_default();
        paths.iter().any(|path| name.contains(path))
    };
    let others = in_table.iter().copied().filter(|id| !is_unused(id));
    let used = reach(module, entries(module).chain(others), |_| true);
    let unused = in_table.iter().filter(|id| !used.contains(id));
    for id in unused.copied().collect::<Vec<_>>() {
        trap(module, id);
    }
    walrus::passes::gc::run(module);
}

#[cfg(test)]
mod tests {
    use walrus::{ConstExpr, ElementItems, ElementKind, FunctionBuilder, RefType, ir::Value};

    use super::*;

    /// How many functions are left of a module with these in its table, the first of which is exported and calls the second,
    /// and the third of which calls a fourth.
    fn left(names: [&str; 3]) -> usize {
        let mut module = Module::default();
        let table = module.tables.add_local(false, 3, Some(3), RefType::FUNCREF);
        let mut add = |name: &str, callee: Option<FunctionId>| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder.name(name.to_owned());
            if let Some(callee) = callee {
                builder.func_body().call(callee);
            }
            builder.finish(Vec::new(), &mut module.funcs)
        };
        let fourth = add("fourth", None);
        let second = add(names[1], None);
        let functions = vec![
            add(names[0], Some(second)),
            second,
            add(names[2], Some(fourth)),
        ];
        module.exports.add("begin", functions[0]);
        module.exports.add("table", table);
        let offset = ConstExpr::Value(Value::I32(0));
        let kind = ElementKind::Active { table, offset };
        let element = module
            .elements
            .add(kind, ElementItems::Functions(functions));
        module.tables.get_mut(table).elem_segments.insert(element);
        drop(&mut module);
        module.funcs.iter().count()
    }

    #[test]
    fn what_only_the_table_leads_to_goes_and_what_an_export_calls_stays() {
        let invoke = "wasm_bindgen[0f]::convert::closures::_::invoke::<u32>";
        assert_eq!(left(["shim", invoke, "third"]), 4, "both are used");
        assert_eq!(left(["shim", "second", invoke]), 3, "the fourth went");
        let task = "js_sys[0f]::futures::jspi::task_waker::raw_wake";
        assert_eq!(left(["shim", "second", task]), 3);
    }
}
