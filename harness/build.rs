//! Says what the library is built from beside its sources: the scenarios are taken into the program, and a file that is
//! new there would not be seen otherwise.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
