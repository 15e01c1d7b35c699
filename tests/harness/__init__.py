# SPDX-License-Identifier: Apache-2.0
"""Network worlds out of namespaces, with real daemons in them. See tests/README.md."""
