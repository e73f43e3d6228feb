"""`tag.price_sensitive`: another definition of kind tag holds."""

from qianmian.language.ast import Tag
from qianmian.language.membership import membership

OPERATOR = membership("tag", Tag, family="tag", written="tag.")
