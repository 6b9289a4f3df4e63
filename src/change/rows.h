#include "flow/decode/rows.h"
