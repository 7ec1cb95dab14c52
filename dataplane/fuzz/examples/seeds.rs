//! Writes the seeds for libFuzzer: `seeds FOLDER`.

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).expect("a folder");
    fuzz::seeds::write(folder.as_ref())
}
