//! Compiles again when GraphiQL's bundle changes: it is embedded in the binary.

fn main() {
    println!("cargo::rerun-if-changed=graphiql/dist");
}
