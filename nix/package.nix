# The one binary, with libvirt. Images, catalogue and database come from elsewhere.
{
  lib,
  rustPlatform,
  pkg-config,
  libvirt,
}:
let
  workspace = (builtins.fromTOML (builtins.readFile ../Cargo.toml)).workspace;

  # What the build reads, so that a change of a document rebuilds nothing.
  rooms = map (member: builtins.head (builtins.split "/" member)) workspace.members;
  inputs = rooms ++ [
    "Cargo.toml"
    "Cargo.lock"
    "migrations"
    "catalogue"
  ];
  root = toString ../.;
  isInput =
    path: _:
    let
      relative = lib.removePrefix (root + "/") (toString path);
    in
    builtins.elem (builtins.head (builtins.split "/" relative)) inputs;
in
rustPlatform.buildRustPackage {
  pname = "berth";
  version = workspace.package.version;

  src = builtins.path {
    name = "berth-source";
    path = ../.;
    filter = isInput;
  };
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = [
    "--package"
    "berth"
  ];
  # The tests need PostgreSQL and libvirt; `make test` runs them.
  doCheck = false;

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ libvirt ];

  meta = {
    description = "Control plane of a hosting provider for fediverse applications";
    license = lib.licenses.eupl12;
    mainProgram = "berth";
    platforms = lib.platforms.linux;
  };
}
