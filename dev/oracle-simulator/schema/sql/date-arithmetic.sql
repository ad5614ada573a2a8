-- DATE and numbers of days. A TIMESTAMP and a number give a DATE, as in Oracle.

CREATE FUNCTION oracle.add_days(timestamp, numeric) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $1 + make_interval(secs => pg_catalog.round($2 * 86400)::double precision));
CREATE FUNCTION oracle.date_plus(oracle.date, numeric) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.add_days($1::timestamp, $2);
CREATE FUNCTION oracle.date_plus(numeric, oracle.date) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.add_days($2::timestamp, $1);
CREATE FUNCTION oracle.date_minus(oracle.date, numeric) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.add_days($1::timestamp, -$2);
CREATE FUNCTION oracle.date_plus(oracle.date, interval) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $1::timestamp + $2);
CREATE FUNCTION oracle.date_plus(interval, oracle.date) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $2::timestamp + $1);
CREATE FUNCTION oracle.date_minus(oracle.date, interval) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $1::timestamp - $2);
CREATE FUNCTION oracle.date_plus(timestamp, numeric) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.add_days($1, $2);
CREATE FUNCTION oracle.date_minus(timestamp, numeric) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.add_days($1, -$2);
CREATE FUNCTION oracle.date_plus(timestamptz, numeric) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.add_days($1::timestamp, $2);
CREATE FUNCTION oracle.date_minus(timestamptz, numeric) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.add_days($1::timestamp, -$2);
CREATE FUNCTION oracle.date_minus(oracle.date, oracle.date) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.divide(EXTRACT(epoch FROM $1::timestamp - $2::timestamp), 86400::numeric);
CREATE FUNCTION oracle.date_minus(oracle.date, timestamp) RETURNS interval IMMUTABLE PARALLEL SAFE
  RETURN $1::timestamp - $2;
CREATE FUNCTION oracle.date_minus(timestamp, oracle.date) RETURNS interval IMMUTABLE PARALLEL SAFE
  RETURN $1 - $2::timestamp;

CREATE OPERATOR oracle.+ (FUNCTION = oracle.date_plus, LEFTARG = oracle.date, RIGHTARG = numeric);
CREATE OPERATOR oracle.+ (FUNCTION = oracle.date_plus, LEFTARG = numeric, RIGHTARG = oracle.date);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = oracle.date, RIGHTARG = numeric);
CREATE OPERATOR oracle.+ (FUNCTION = oracle.date_plus, LEFTARG = oracle.date, RIGHTARG = interval);
CREATE OPERATOR oracle.+ (FUNCTION = oracle.date_plus, LEFTARG = interval, RIGHTARG = oracle.date);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = oracle.date, RIGHTARG = interval);
CREATE OPERATOR oracle.+ (FUNCTION = oracle.date_plus, LEFTARG = timestamp, RIGHTARG = numeric);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = timestamp, RIGHTARG = numeric);
CREATE OPERATOR oracle.+ (FUNCTION = oracle.date_plus, LEFTARG = timestamptz, RIGHTARG = numeric);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = timestamptz, RIGHTARG = numeric);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = oracle.date, RIGHTARG = oracle.date);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = oracle.date, RIGHTARG = timestamp);
CREATE OPERATOR oracle.- (FUNCTION = oracle.date_minus, LEFTARG = timestamp, RIGHTARG = oracle.date);
