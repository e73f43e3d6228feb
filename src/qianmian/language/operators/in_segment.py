"""`in segment.vip`: another definition of kind segment holds."""

from qianmian.language.ast import InSegment
from qianmian.language.membership import membership

OPERATOR = membership("in_segment", InSegment, family="segment", written="in segment.")
