-- Events for webhooks, written by triggers: whatever statement changes a state, the event is in the same
-- transaction, and no later function can forget it.
--
-- The functions run as the owner, since a tenant may not write into the outbox. The time is the one that the
-- program began its transaction with (berth.now): SQL has no clock of its own here but for people at psql.

CREATE FUNCTION webhook_tell(about uuid, what text, facts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    tenant tenants;
BEGIN
    SELECT * INTO tenant FROM tenants WHERE id = about;
    -- Most providers want to be told nothing: then there is nothing to write.
    IF NOT EXISTS (SELECT FROM webhook_endpoints e WHERE e.disabled_at IS NULL
                   AND (e.storefront_id IS NULL OR e.storefront_id = tenant.storefront_id)) THEN
        RETURN;
    END IF;
    INSERT INTO webhook_outbox (tenant_id, event_type, data, at)
    VALUES (about, what, facts || jsonb_build_object('tenantExternalId', tenant.external_id),
            coalesce(nullif(current_setting('berth.now', true), '')::timestamptz, now()));
    PERFORM pg_notify('berth_webhook', '');
END $$;
COMMENT ON FUNCTION webhook_tell IS 'Puts an event of a tenant into the outbox, if anybody is to be told, and wakes the workers at the commit.';
-- Else any request's role could tell of any tenant.
REVOKE ALL ON FUNCTION webhook_tell FROM PUBLIC;

CREATE FUNCTION webhook_deployment() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM webhook_tell(NEW.tenant_id, 'deployment.' || lower(NEW.state), jsonb_build_object(
        'deploymentId', NEW.id, 'deploymentExternalId', NEW.external_id,
        'state', NEW.state, 'desiredState', NEW.desired_state));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_made AFTER INSERT ON deployments
    FOR EACH ROW EXECUTE FUNCTION webhook_deployment();
CREATE TRIGGER webhook_changed AFTER UPDATE ON deployments
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION webhook_deployment();

CREATE FUNCTION webhook_operation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM webhook_tell(NEW.tenant_id, 'operation.' || lower(NEW.state), jsonb_build_object(
        'operationId', NEW.id, 'kind', NEW.kind, 'state', NEW.state, 'errorCode', NEW.error_code,
        'deploymentId', NEW.deployment_id,
        'deploymentExternalId', (SELECT external_id FROM deployments WHERE id = NEW.deployment_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_made AFTER INSERT ON operations
    FOR EACH ROW EXECUTE FUNCTION webhook_operation();
CREATE TRIGGER webhook_changed AFTER UPDATE ON operations
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION webhook_operation();

CREATE FUNCTION webhook_tenant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM webhook_tell(NEW.id, TG_ARGV[0], '{}');
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_made AFTER INSERT ON tenants
    FOR EACH ROW EXECUTE FUNCTION webhook_tenant('tenant.created');
CREATE TRIGGER webhook_changed AFTER UPDATE ON tenants
    FOR EACH ROW WHEN ((OLD.name, OLD.external_id, OLD.storefront_id)
                       IS DISTINCT FROM (NEW.name, NEW.external_id, NEW.storefront_id))
    EXECUTE FUNCTION webhook_tenant('tenant.updated');

CREATE FUNCTION webhook_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    member members := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    PERFORM webhook_tell(member.tenant_id, TG_ARGV[0], jsonb_build_object(
        'memberId', member.id, 'accountId', member.account_id, 'role', member.role));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_made AFTER INSERT ON members
    FOR EACH ROW EXECUTE FUNCTION webhook_member('member.created');
CREATE TRIGGER webhook_changed AFTER UPDATE ON members
    FOR EACH ROW WHEN ((OLD.role, OLD.account_id) IS DISTINCT FROM (NEW.role, NEW.account_id))
    EXECUTE FUNCTION webhook_member('member.updated');
CREATE TRIGGER webhook_removed AFTER DELETE ON members
    FOR EACH ROW EXECUTE FUNCTION webhook_member('member.deleted');
