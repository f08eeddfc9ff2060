"""The belief recursion: equilibria of long and open-ended talks, backward over rounds on grids of public beliefs."""
