#include "flow/decode/value.h"
