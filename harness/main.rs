//! The program `shakedown`: see `shakedown --help`, and the library for everything else.

fn main() -> std::process::ExitCode {
    shakedown::cli::main()
}
