"""Independent certificates: logit residual, regrets and the consistency of beliefs."""

from goodoffices.certificates.certify import certify, expected_payoffs

__all__ = ["certify", "expected_payoffs"]
