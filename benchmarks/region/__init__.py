"""What a region costs: memory and time of ``cropmap map`` on scenes of any size."""
