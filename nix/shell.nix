# What a contributor needs beside a checkout: the tools that `make run` and `make test` call.
{
  mkShell,
  cargo,
  clippy,
  rustc,
  rustfmt,
  cargo-deny,
  gnumake,
  nodejs,
  pkg-config,
  libvirt,
  qemu,
  postgresql_15,
  iproute2,
  mmdebstrap,
  mtools,
  syslinux,
  shellcheck,
}:
mkShell {
  packages = [
    cargo
    clippy
    rustc
    rustfmt
    cargo-deny
    gnumake
    nodejs
    pkg-config
    libvirt
    qemu
    postgresql_15
    iproute2
    mmdebstrap
    mtools
    syslinux
    shellcheck
  ];
  # scripts/postgres looks here first.
  BERTH_POSTGRES_BIN = "${postgresql_15}/bin";
}
