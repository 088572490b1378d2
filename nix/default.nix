# Berth with Nix: `nix-build nix -A berth`, `nix-shell nix -A shell`.
#
# `pkgs` is nixpkgs of NixOS 25.11 or later. That both evaluate is checked by nix/check on a machine that has no
# nixpkgs; building needs it.
{
  pkgs ? import <nixpkgs> { },
}:
{
  berth = pkgs.callPackage ./package.nix { };
  shell = pkgs.callPackage ./shell.nix { };
}
