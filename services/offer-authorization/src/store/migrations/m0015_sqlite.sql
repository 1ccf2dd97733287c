-- Each change of a rule raises the generation of its tenant.

CREATE TRIGGER programmes_insert_raises_generation AFTER INSERT ON programmes BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER programmes_update_raises_generation AFTER UPDATE ON programmes BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER programmes_delete_raises_generation AFTER DELETE ON programmes BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (OLD.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER purses_insert_raises_generation AFTER INSERT ON purses BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER purses_update_raises_generation AFTER UPDATE ON purses BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER purses_delete_raises_generation AFTER DELETE ON purses BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (OLD.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER standings_insert_raises_generation AFTER INSERT ON standings BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER standings_update_raises_generation AFTER UPDATE ON standings BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER standings_delete_raises_generation AFTER DELETE ON standings BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (OLD.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER margin_floors_insert_raises_generation AFTER INSERT ON margin_floors BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER margin_floors_update_raises_generation AFTER UPDATE ON margin_floors BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER margin_floors_delete_raises_generation AFTER DELETE ON margin_floors BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (OLD.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER policy_activations_insert_raises_generation AFTER INSERT ON policy_activations BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER policy_activations_update_raises_generation AFTER UPDATE ON policy_activations BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER policy_activations_delete_raises_generation AFTER DELETE ON policy_activations BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (OLD.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER active_policies_insert_raises_generation AFTER INSERT ON active_policies BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER active_policies_update_raises_generation AFTER UPDATE ON active_policies BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (NEW.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER active_policies_delete_raises_generation AFTER DELETE ON active_policies BEGIN
    INSERT INTO rule_generations (tenant, number) VALUES (OLD.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = number + 1;
END;
