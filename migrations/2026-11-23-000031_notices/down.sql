DROP TABLE notices;
DROP FUNCTION notice_written();
