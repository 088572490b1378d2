"""The guest agent of Berth's Debian images: reads the seed, keeps it, mounts the data volume,
configures the application and hands it over (docs/guest-contract.md). Standard library only."""
