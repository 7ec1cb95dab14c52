//! Writes `tap/src/proto.rs` from `proto/tap.proto`. With `--check` it only compares, and exits 1 on a difference.

use std::path::Path;
use std::process::ExitCode;

const HEADER: &str = "// Generated from proto/tap.proto by `make gen`; a check in CI holds it to its source.\n";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = root.join("tap/src/proto.rs");
    let fresh = generate(&root.join("proto"));
    if std::env::args().any(|argument| argument == "--check") {
        let committed = std::fs::read_to_string(&target).unwrap_or_default();
        if committed == fresh {
            return ExitCode::SUCCESS;
        }
        eprintln!("{} differs from proto/tap.proto: run `make gen` and commit the result", target.display());
        return ExitCode::FAILURE;
    }
    std::fs::write(&target, fresh).expect("tap/src is writable");
    ExitCode::SUCCESS
}

fn generate(include: &Path) -> String {
    let descriptors = protox::compile(["tap.proto"], [include]).expect("proto/tap.proto compiles");
    let directory = std::env::temp_dir().join(format!("wayside-gen-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("the temporary directory is writable");
    prost_build::Config::new().out_dir(&directory).compile_fds(descriptors).expect("prost accepts the descriptors");
    let code = std::fs::read_to_string(directory.join("wayside.tap.v1.rs")).expect("prost wrote the package's file");
    std::fs::remove_dir_all(&directory).ok();
    format!("{HEADER}{code}")
}
