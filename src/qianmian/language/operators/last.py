"""`last(product_viewed.category) == "skin_care"`: a field of the last such event."""

from qianmian.language.ast import Last
from qianmian.language.comparing import edge_operator

OPERATOR = edge_operator("last", Last)
