"""Operations as programs of simpler ones, for backends that have no code of their own for them."""
