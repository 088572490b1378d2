# Enough of nixpkgs to evaluate ./default.nix where there is none: every package is an empty derivation, and the two
# builders only turn their arguments into one. It tells a misspelt argument, a missing file and a wrong type; it
# does not tell whether nixpkgs has a package.
let
  empty =
    name:
    derivation {
      inherit name;
      system = "x86_64-linux";
      builder = "/bin/sh";
    };
  build =
    name: arguments:
    derivation (
      removeAttrs arguments [ "meta" "cargoLock" "packages" ]
      // {
        inherit name;
        system = "x86_64-linux";
        builder = "/bin/sh";
        packages = arguments.packages or [ ];
        lockFile = arguments.cargoLock.lockFile or "";
      }
    );
  pkgs = {
    lib = {
      removePrefix =
        prefix: text:
        if builtins.substring 0 (builtins.stringLength prefix) text == prefix then
          builtins.substring (builtins.stringLength prefix) (-1) text
        else
          text;
      licenses.eupl12.spdxId = "EUPL-1.2";
      platforms.linux = [ "x86_64-linux" ];
    };
    rustPlatform.buildRustPackage = arguments: build "${arguments.pname}-${arguments.version}" arguments;
    mkShell = build "berth-shell";
    callPackage =
      file: overrides:
      let
        function = import file;
        wanted = builtins.attrNames (builtins.functionArgs function);
        argument = name: {
          inherit name;
          value = pkgs.${name} or (empty name);
        };
      in
      function (builtins.listToAttrs (map argument wanted) // overrides);
  };
in
import ./default.nix { inherit pkgs; }
