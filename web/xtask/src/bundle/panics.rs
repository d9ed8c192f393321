//! Takes out what only a panic's message needs.
//!
//! In a page, a panic is a trap: nobody ever reads its message, and yet the machinery that would format it is a tenth of a
//! module. Here the functions behind a panic become what they end in, `unreachable`; what only they called goes.
//! Nothing else changes: whoever panicked still traps at the same place.
//!
//! That the machinery is used by panics alone is checked, not hoped: a `format!` in the client fails the bundle.

use anyhow::{Result, bail};
use walrus::ir::{Call, Visitor, dfs_in_order};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

/// Where panics end up.
const PANICS: [&str; 12] = [
    "core::panicking::",
    "std::panicking::",
    "core::slice::index::slice_",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::str::slice_error_fail",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "core::cell::panic_already",
    "alloc::raw_vec::handle_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::alloc::handle_alloc_error",
];

/// What formats their messages.
const FORMATTING: [&str; 2] = ["core::fmt::", "core::str::count::do_count_chars"];

/// Makes the panics of a module trap at once. Its functions must still have their names.
///
/// # Errors
/// When something else than a panic formats text.
pub(super) fn snip(module: &mut Module) -> Result<()> {
    let named: Vec<(FunctionId, String)> = module
        .funcs
        .iter()
        .filter_map(|function| Some((function.id(), plain(function.name.as_deref()?))))
        .collect();
    let is_panic = |name: &str| {
        let inside = [" as core::panic::", "::assert_failed", "rust_begin_unwind"];
        PANICS.iter().any(|start| name.starts_with(start))
            || inside.iter().any(|part| name.contains(part))
    };
    let is_formatting = |name: &str| {
        let traits = [" as core::fmt::", "::fmt::Debug>::fmt"];
        FORMATTING.iter().any(|start| name.starts_with(start))
            || traits.iter().any(|part| name.contains(part))
    };
    let ids = |is: &dyn Fn(&str) -> bool| -> Vec<FunctionId> {
        let found = named.iter().filter(|(_, name)| is(name));
        found.map(|(id, _)| *id).collect()
    };
    let formatting = ids(&is_formatting);
    for id in ids(&is_panic) {
        trap(module, id);
    }
    for (id, name) in &named {
        if is_panic(name) || is_formatting(name) {
            continue;
        }
        if let FunctionKind::Local(function) = &module.funcs.get(*id).kind
            && let Some(callee) = calls_any(function, &formatting)
        {
            let callee = named.iter().find(|(id, _)| *id == callee);
            let callee = callee.map_or("text", |(_, name)| name);
            bail!("{name} calls {callee}: write the text without `format!` and the like");
        }
    }
    for id in formatting {
        trap(module, id);
    }
    walrus::passes::gc::run(module);
    let data: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in data {
        forget_paths(&mut module.data.get_mut(id).value);
    }
    Ok(())
}

/// The name without the hashes that tell crates apart: `core[c5930c85a12de822]::fmt` is `core::fmt`. Inherent methods have
/// brackets around their type.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut is_hash = false;
    for c in name.chars() {
        match c {
            '[' => is_hash = true,
            ']' => is_hash = false,
            _ if is_hash => {}
            _ => plain.push(c),
        }
    }
    match plain.strip_prefix('<') {
        Some(method) if !method.contains(" as ") => method.to_owned(),
        _ => plain,
    }
}

/// Where the paths of source files begin, which only the messages of panics name.
const PATHS: [&[u8]; 4] = [
    b"/rustc/",
    b"index.crates.io-",
    b"web/",
    b"server/wire/src/",
];

/// Writes zeros over the paths of source files: they stay where they are, and weigh nothing once compressed.
fn forget_paths(data: &mut [u8]) {
    let end = b".rs";
    let mut from = 0;
    while let Some(found) = data[from..].windows(end.len()).position(|part| part == end) {
        let end = from + found + end.len();
        let path = &data[from..end];
        let begins = |start: &&[u8]| path.windows(start.len()).rposition(|part| part == *start);
        // What begins last: a path has no other one in it.
        let start = PATHS.iter().filter_map(begins).max();
        let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
        if let Some(start) = start.filter(|start| path[*start..].iter().all(is_path)) {
            data[from + start..end].fill(0);
        }
        from = end;
    }
}

/// Makes the body of a function a trap.
pub(super) fn trap(module: &mut Module, id: FunctionId) {
    let function = module.funcs.get(id);
    let FunctionKind::Local(local) = &function.kind else {
        return;
    };
    let args = local.args.clone();
    let kind = module.types.get(function.ty());
    let (params, results) = (kind.params().to_vec(), kind.results().to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    builder.func_body().unreachable();
    let body = builder.local_func(args);
    module.funcs.get_mut(id).kind = FunctionKind::Local(body);
}

/// The first of these functions that this one calls.
fn calls_any(function: &LocalFunction, callees: &[FunctionId]) -> Option<FunctionId> {
    struct Calls<'a>(&'a [FunctionId], Option<FunctionId>);
    impl<'i> Visitor<'i> for Calls<'_> {
        fn visit_call(&mut self, call: &Call) {
            if self.0.contains(&call.func) {
                self.1.get_or_insert(call.func);
            }
        }
    }
    let mut calls = Calls(callees, None);
    dfs_in_order(&mut calls, function, function.entry_block());
    calls.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::ValType;

    /// A module whose export calls a function with this name, which calls another with a body to be rid of.
    fn module(callee: &str) -> Module {
        let mut module = Module::default();
        let mut add = |name: &str, calls: Option<FunctionId>| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[ValType::I64]);
            builder.name(name.to_owned());
            match calls {
                Some(callee) => builder.func_body().call(callee),
                None => builder.func_body().i64_const(0x0123_4567_89ab_cdef),
            };
            builder.finish(Vec::new(), &mut module.funcs)
        };
        let deep = add("core[0f]::fmt::write", None);
        let called = add(callee, Some(deep));
        let export = add("visit", Some(called));
        module.exports.add("visit", export);
        module
    }

    #[test]
    fn a_panic_becomes_a_trap_and_what_only_it_called_goes() {
        let mut module = module("core[0f]::panicking::panic_fmt");
        snip(&mut module).unwrap();
        assert_eq!(module.funcs.iter().count(), 2);
        assert!(module.exports.get_func("visit").is_ok());
    }

    #[test]
    fn text_that_is_formatted_for_anything_else_fails_the_bundle() {
        let error = snip(&mut module("udp_echo_web::words::live")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "udp_echo_web::words::live calls core::fmt::write: write the text without `format!` and the like"
        );
    }

    #[test]
    fn paths_of_sources_are_forgotten_and_nothing_beside_them() {
        let mut data = b"resumeweb/src/app.rsidle/rustc/0f/library/core/src/str.rslive.rs".to_vec();
        forget_paths(&mut data);
        let kept: Vec<u8> = data.iter().copied().filter(|byte| *byte != 0).collect();
        assert_eq!(kept, b"resumeidlelive.rs");
        assert_eq!(data.len(), 64);
    }

    #[test]
    fn names_are_told_by_path_alone() {
        let names = [
            "core[c5930c85a12de822]::fmt::write",
            "<core[c5930c85a12de822]::fmt::Formatter>::pad",
            "<u64 as core[c5930c85a12de822]::fmt::Debug>::fmt",
        ];
        assert_eq!(
            names.map(plain),
            [
                "core::fmt::write",
                "core::fmt::Formatter>::pad",
                "<u64 as core::fmt::Debug>::fmt"
            ]
        );
    }
}
