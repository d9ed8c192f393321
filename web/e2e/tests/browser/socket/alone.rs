//! The module and its types by themselves, in Node.

use std::process::Command;

use crate::places::{root, tools};

/// Runs Node in the root of the repository, and fails with what it said when it fails.
fn node(arguments: &[&str]) {
    let mut node = Command::new("node");
    let output = node.args(arguments).current_dir(root()).output();
    let output = output.expect("node is there (cargo verify installs it)");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "node {arguments:?}:\n{said}");
}

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
