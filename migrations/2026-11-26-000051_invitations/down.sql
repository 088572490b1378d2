DROP TABLE invitations;
DROP FUNCTION webhook_invitation();
