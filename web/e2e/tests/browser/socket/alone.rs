//! The module and its types by themselves, in Node.

use crate::places::{node, tools};

#[test]
fn the_module_keeps_its_promises_on_a_host_that_is_not_there() {
    node(&["--test", "web/e2e/tests/socket/"]);
}

#[test]
fn the_types_take_what_the_draft_takes_and_refuse_the_rest() {
    let compiler = tools().join("node_modules/typescript/bin/tsc");
    let compiler = compiler.to_str().expect("a path of letters");
    let mut arguments = vec![compiler, "--noEmit", "--strict", "--target", "es2022"];
    arguments.extend(["--module", "esnext", "--moduleResolution", "bundler"]);
    arguments.extend(["--lib", "es2022,dom,dom.iterable,dom.asynciterable"]);
    // Of no other packages.
    arguments.extend(["--typeRoots", "web/e2e/tests/socket/none"]);
    arguments.extend(["web/e2e/tests/socket/types.ts", "www/element/udp-echo.d.ts"]);
    node(&arguments);
}
