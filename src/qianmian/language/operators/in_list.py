"""`in list.vip`: on a list that the shop uploaded; it comes with facts."""

from qianmian.language.ast import InList
from qianmian.language.membership import membership

OPERATOR = membership("in_list", InList, family="list", written="in list.")
