-- Each change of a rule raises the generation of its tenant.

CREATE FUNCTION raise_rule_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rule_generations AS generations (tenant, number)
    VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant ELSE NEW.tenant END, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = generations.number + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER programmes_raises_generation AFTER INSERT OR UPDATE OR DELETE ON programmes
    FOR EACH ROW EXECUTE FUNCTION raise_rule_generation();

CREATE TRIGGER purses_raises_generation AFTER INSERT OR UPDATE OR DELETE ON purses
    FOR EACH ROW EXECUTE FUNCTION raise_rule_generation();

CREATE TRIGGER standings_raises_generation AFTER INSERT OR UPDATE OR DELETE ON standings
    FOR EACH ROW EXECUTE FUNCTION raise_rule_generation();

CREATE TRIGGER margin_floors_raises_generation AFTER INSERT OR UPDATE OR DELETE ON margin_floors
    FOR EACH ROW EXECUTE FUNCTION raise_rule_generation();

CREATE TRIGGER policy_activations_raises_generation AFTER INSERT OR UPDATE OR DELETE ON policy_activations
    FOR EACH ROW EXECUTE FUNCTION raise_rule_generation();

CREATE TRIGGER active_policies_raises_generation AFTER INSERT OR UPDATE OR DELETE ON active_policies
    FOR EACH ROW EXECUTE FUNCTION raise_rule_generation();
