"""
What every program here does first: no warnings, no logs, and no masking of logs that there are none of. Airflow
compiles one pattern of all secrets that it has seen, anew for each: thousands of them take minutes.
"""

import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def without_masking():
    """After the imports of Airflow."""
    for name, module in list(sys.modules.items()):
        if name.endswith("secrets_masker") and hasattr(module, "SecretsMasker"):
            module.SecretsMasker.add_mask = lambda *_, **__: None
