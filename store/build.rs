//! A changed schema is a changed store: the files are embedded at compile time. Their hash names
//! the template that test databases are cloned from.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    io,
    path::Path,
};

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    let mut folders: Vec<_> = fs::read_dir("../migrations")?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    folders.sort();
    for folder in folders.iter().filter(|path| path.is_dir()) {
        folder.hash(&mut hasher);
        hash_file(&folder.join("up.sql"), &mut hasher)?;
        hash_file(&folder.join("down.sql"), &mut hasher)?;
    }
    println!("cargo:rerun-if-changed=../migrations");
    println!(
        "cargo:rustc-env=BERTH_MIGRATIONS_HASH={:016x}",
        hasher.finish()
    );
    Ok(())
}

fn hash_file(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    fs::read(path)?.hash(hasher);
    Ok(())
}
