//! A crate of a user's own, outside of this workspace, in which the library has another name (`nn = { package = "chainer-core" }`).

use std::path::Path;
use std::process::Command;

/// Builds and runs `tests/user-crate` in this workspace's target folder, where its dependencies are built already.
#[test]
fn a_renamed_dependency_works() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tests.join("user-crate");
    // The versions of this workspace: nothing is downloaded that is not there already.
    std::fs::copy(tests.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let executable = std::env::current_exe().unwrap();
    let target = executable.ancestors().nth(3).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(target)
        .current_dir(&folder)
        .output()
        .unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    assert!(printed.contains("the user's crate works"), "{printed}\n{errors}");
}
